// SPDX-License-Identifier: MIT
/*
 * From what was collected to code that can be called.
 *
 *	lay out    header length and addresses are known: write, in memory that is writable
 *	judge      jit_judge.c
 *	seal       the memory becomes executable, and is not writable any more
 *	register   madvise(2)
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <estp/object.h>

#include "jit_making.h"
#include "jit_insn.h"

/* Every label that somebody counts on has a place. */
static int check_labels(struct estp_jit *jit)
{
	uint32_t i;

	for (i = 0; i < jit->fixes.nr; i++) {
		int label = JIT_OF(struct jit_fix, jit->fixes)[i].label;

		if (place(jit, label) == NO_PLACE)
			return jit_fail(jit, -EINVAL, "label %d, which code refers to, has no place",
					label);
	}
	for (i = 0; i < jit->sequences.nr; i++) {
		const struct jit_sequence *s = sequence(jit, i);
		const char *name = jit_selector_name[s->selector];

		if (place(jit, s->start) == NO_PLACE || place(jit, s->end) == NO_PLACE ||
		    place(jit, s->response) == NO_PLACE)
			return jit_fail(jit, -EINVAL, "sequence %u (%s): a label has no place",
					i, name);
		if (s->selector != ESTP_INTERRUPT)
			continue;
		if (!response(jit, s->response))
			return jit_fail(jit, -EINVAL, "sequence %u (%s): its response was not "
					"placed by estp_jit_response()", i, name);
		if (place(jit, response(jit, s->response)->end) == NO_PLACE)
			return jit_fail(jit, -EINVAL, "sequence %u (%s): its response has no end",
					i, name);
	}
	return 0;
}

/* EAGAIN: it would have to be locked, and there may not be so much. */
static int no_memory(struct making *m, const char *what)
{
	return jit_fail(m->jit, errno == EAGAIN ? -ENOMEM : -errno, "no memory for the %s: %s", what, strerror(errno));
}

static int map(struct making *m)
{
	struct estp_jit *jit = m->jit;
	size_t page = jit->page_size;

	m->header_len = jit->layout == ESTP_LAYOUT_PAGE && jit->sequences.nr ?
			ESTP_HEADER_LEN(jit->sequences.nr) : 0;
	m->len = (m->header_len + jit->code.nr + page - 1) / page * page;
	if (!m->len)
		m->len = page;
	/* An end has 16 bits: on pages of 64 KiB the last byte stays free. */
	if (jit->layout == ESTP_LAYOUT_PAGE &&
	    m->header_len + jit->code.nr > (page < UINT16_MAX ? page : UINT16_MAX))
		return jit_fail(jit, -ENOSPC, "header and code are %zu bytes, the page has %zu",
				m->header_len + jit->code.nr, page);
	m->base = mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (m->base == MAP_FAILED) {
		m->base = NULL;
		return no_memory(m, "code");
	}
	m->code = m->base + m->header_len;
	memset(m->base, ESTP_PAGE_FILL_, m->len);
	if (jit->code.nr)
		memcpy(m->code, jit->code.of, jit->code.nr);
	return 0;
}

static int write_fixes(struct making *m)
{
	struct estp_jit *jit = m->jit;
	uint32_t i;

	for (i = 0; i < jit->fixes.nr; i++) {
		const struct jit_fix *fix = &JIT_OF(struct jit_fix, jit->fixes)[i];
		int64_t at = fix->at, to = place(jit, fix->label);
		uint64_t address = (uintptr_t)m->code + (uint64_t)to;
		int32_t near = (int32_t)(to - (at + 4));
		int8_t next = (int8_t)(to - (at + 1));

		switch (fix->kind) {
		case ESTP_JIT_REL8:
			if (next != to - (at + 1))
				return jit_fail(jit, -ERANGE, "label %d is %lld bytes away from a "
						"fix of one byte", fix->label,
						(long long)(to - (at + 1)));
			memcpy(m->code + at, &next, sizeof(next));
			break;
		case ESTP_JIT_REL32:
			memcpy(m->code + at, &near, sizeof(near));
			break;
		case ESTP_JIT_ABS64:
			memcpy(m->code + at, &address, sizeof(address));
			break;
		case JIT_INSN:
			if (!jit_insn_aim(m->code + at, to - at))
				return jit_fail(jit, -ERANGE, "label %d is %lld bytes away from an "
						"instruction that does not reach it", fix->label,
						(long long)(to - at));
			break;
		}
	}
	return 0;
}

/* ---- Laying out -------------------------------------------------------------- */

static uint64_t descriptor(const struct making *m, uint32_t i)
{
	const struct jit_sequence *s = sequence(m->jit, i);

	return ESTP_DESCRIPTOR(s->selector, m->header_len + place(m->jit, s->start),
			       m->header_len + place(m->jit, s->end),
			       m->header_len + place(m->jit, s->response));
}

static bool rises(const void *base, u32 a, u32 b)
{
	const struct making *m = base;

	return descriptor(m, m->order[a]) < descriptor(m, m->order[b]);
}

static void exchange(void *base, u32 a, u32 b)
{
	struct making *m = base;
	uint32_t tmp = m->order[a];

	m->order[a] = m->order[b];
	m->order[b] = tmp;
}

/* A length that does not fit its field becomes 0, which core/ refuses. */
static uint16_t response_len(const struct estp_jit *jit, int label)
{
	int64_t len = (int64_t)place(jit, response(jit, label)->end) - place(jit, label);

	return len > 0 && len <= UINT16_MAX ? (uint16_t)len : 0;
}

static void write_page(struct making *m)
{
	struct estp_jit *jit = m->jit;
	const struct estp_heap heap = { .base = m, .before = rises, .exchange = exchange };
	uint64_t *word = (uint64_t *)m->base;
	uint32_t i, nr = (uint32_t)jit->sequences.nr;

	/* Offsets that do not fit 16 bits cannot be: code is one page at most. */
	estp_heap_sort(&heap, nr);
	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	for (i = 0; i < nr; i++)
		word[1 + i] = descriptor(m, m->order[i]);
	for (i = 0; i < jit->labels.nr; i++) {
		const struct jit_response *r = response(jit, (int)i);
		uint64_t prefix;

		if (!r || place(jit, r->end) == NO_PLACE)
			continue;
		prefix = ESTP_PREFIX(r->mask, response_len(jit, (int)i), r->flags);
		memcpy(m->code + place(jit, (int)i) - sizeof(prefix), &prefix, sizeof(prefix));
	}
}

static void write_entry(const struct making *m, uint32_t i)
{
	const struct jit_sequence *s = sequence(m->jit, i);
	struct estp_entry *entry = &m->entry[i];

	*entry = (struct estp_entry){
		.start = (int32_t)place(m->jit, s->start),
		.length = place(m->jit, s->end) - place(m->jit, s->start),
		.response = (int32_t)place(m->jit, s->response),
		.selector = s->selector,
		.causes = s->causes,
	};
	/* A turned span would be a very long one. */
	if (place(m->jit, s->end) < place(m->jit, s->start))
		entry->length = 0;
	if (s->selector == ESTP_INTERRUPT) {
		entry->response_len = response_len(m->jit, s->response);
		entry->clear_mask = response(m->jit, s->response)->mask;
		entry->flags = response(m->jit, s->response)->flags;
	}
}

/* ---- Sealing, registering ----------------------------------------------------- */

static int seal(struct making *m)
{
	if (mprotect(m->base, m->len, PROT_READ | PROT_EXEC))
		return jit_fail(m->jit, -errno, "the code cannot be made executable: %s",
				strerror(errno));
	__builtin___clear_cache(m->base, m->base + m->len);
	return 0;
}

static int register_at(struct making *m, void *at, size_t len)
{
	if (!estp_has(ESTP_FEATURE_VERSION_1))
		return jit_fail(m->jit, -ENOSYS, "%s", estp_strerror(-ENOSYS));
	if (madvise(at, len, MADV_ESTP_REGISTER))
		return jit_fail(m->jit, -errno, "%s", estp_strerror(-errno));
	return 0;
}

static int make_page(struct making *m, bool unregistered)
{
	int error;

	write_page(m);
	error = jit_judge_page(m);
	if (!error)
		error = seal(m);
	if (!error && !unregistered)
		error = register_at(m, m->base, m->len);
	return error;
}

/* The table is read during the call: it need not stay. */
static int make_table(struct making *m, bool unregistered)
{
	uint32_t i, nr = (uint32_t)m->jit->sequences.nr;
	size_t len = sizeof(struct estp_table) + nr * sizeof(struct estp_entry);
	struct estp_table *table;
	int error;

	table = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (table == MAP_FAILED)
		return no_memory(m, "table");
	m->entry = (struct estp_entry *)(table + 1);
	*table = (struct estp_table){
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr),
		.base = (uintptr_t)m->code,
		.entries = (uintptr_t)m->entry,
		.entry_size = sizeof(struct estp_entry),
	};
	for (i = 0; i < nr; i++)
		write_entry(m, i);
	error = jit_judge_table(m, table);
	if (!error)
		error = seal(m);
	if (!error && !unregistered)
		error = register_at(m, table, sizeof(*table));
	munmap(table, len);
	return error;
}

static int make(struct making *m, unsigned int flags)
{
	struct estp_jit *jit = m->jit;
	uint32_t i, nr = (uint32_t)jit->sequences.nr;
	int error = check_labels(jit);

	if (error)
		return error;
	m->order = calloc(nr + 1, sizeof(*m->order));
	m->item = calloc(nr + 1, sizeof(*m->item));
	if (!m->order || !m->item)
		return jit_fail(jit, -ENOMEM, "there is no memory");
	for (i = 0; i < nr; i++)
		m->order[i] = i;
	error = map(m);
	if (!error)
		error = write_fixes(m);
	if (error)
		return error;
	if (!nr)
		return seal(m);
	if (jit->layout == ESTP_LAYOUT_PAGE)
		return make_page(m, flags & ESTP_JIT_UNREGISTERED);
	return make_table(m, flags & ESTP_JIT_UNREGISTERED);
}

int estp_jit_finish(struct estp_jit *jit, struct estp_jit_code *code, unsigned int flags)
{
	struct making m = { .jit = jit };
	int saved = errno, error;

	*code = (struct estp_jit_code){ 0 };
	if (!jit)
		return -ENOMEM;
	if (jit->finished)
		return jit_fail(jit, -EINVAL, "the builder has finished already");
	if (flags & ~ESTP_JIT_UNREGISTERED)
		return jit_fail(jit, -EINVAL, "flags %#x are unknown", flags);
	error = jit->error;
	if (!error)
		error = make(&m, flags);
	free(m.order);
	free(m.item);
	if (error && m.base)
		munmap(m.base, m.len);
	errno = saved;
	if (error)
		return error;
	jit->finished = true;
	jit->base = m.code;
	code->base = m.base;
	code->len = m.len;
	return 0;
}

void estp_jit_unmap(struct estp_jit_code *code)
{
	int saved = errno;

	if (code->base)
		munmap(code->base, code->len);
	*code = (struct estp_jit_code){ 0 };
	errno = saved;
}
