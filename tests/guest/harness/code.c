// SPDX-License-Identifier: MIT
/*
 * Sequences made at run time, registered in either layout.
 */
#include "harness.h"

#define PREFIX_ROOM 0xa5a5e57ba5a5e57bull	/* until code_seal() fills it in */

const char *const layout_names[] = { "page", "table" };

static size_t page_len(void)
{
	return sysconf(_SC_PAGESIZE);
}

struct code *code_new(unsigned int pages)
{
	struct code *c = calloc(1, sizeof(*c));
	size_t page = page_len();

	must(c);
	c->len = pages * page;
	code_map(c, page);
	c->data = mmap(c->base + c->len, page, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	must(c->data != MAP_FAILED);
	c->at = CODE_HEADER;
	return c;
}

void code_free(struct code *c)
{
	code_unmap(c, page_len());
	free(c);
}

u32 emit_bytes(struct code *c, const void *bytes, size_t len)
{
	u32 at = c->at;

	if (at + len > c->len)
		bail("the code does not fit in its %zu bytes", c->len);
	memcpy(code_place(c, at), bytes, len);
	c->at += len;
	return at;
}

void emit_org(struct code *c, u32 off)
{
	if (c->at > off)
		bail("emit_org(%#x) from %#x", off, c->at);
	while (c->at < off)
		emit_trap(c);
}

u32 emit_hold(struct code *c)
{
	u32 at;

	if (c->hold_nr == ARRAY_LEN(c->hold_at))
		bail("too many holds");
	at = emit_hold_insn(c, c->hold_nr);
	c->hold_at[c->hold_nr++] = at;
	return at;
}

void code_let_go(struct code *c, unsigned int hold, u32 to)
{
	code_hold_goes(c, hold, to);
}

u32 emit_inside(struct code *c)
{
	return emit_mark(c, &c->data->inside, 1);
}

u32 emit_land(struct code *c, u32 tag)
{
	u32 at = emit_mark(c, &c->data->landed, tag);

	emit_exit(c);
	return at;
}

u32 emit_prefix(struct code *c)
{
	u64 room = PREFIX_ROOM;

	return emit_bytes(c, &room, sizeof(room));
}

void code_describe(struct code *c, struct seq seq)
{
	if (c->seq_nr == CODE_SEQ_MAX)
		bail("too many sequences");
	if (!seq.response_len)
		seq.response_len = 1;
	if (!seq.causes)
		seq.causes = ESTP_CAUSE_PAGE;
	c->seq[c->seq_nr++] = seq;
}

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

void code_seal(struct code *c)
{
	u64 *header = (u64 *)code_place(c, 0);
	u64 room = PREFIX_ROOM, prefix;
	unsigned int i;

	c->escape = emit_land(c, LANDED_ESCAPE);
	for (i = 0; i < c->seq_nr; i++) {
		struct seq *s = &c->seq[i];
		u8 *place = code_place(c, s->response - sizeof(prefix));

		header[1 + i] = ESTP_DESCRIPTOR(s->selector, s->start, s->end, s->response);
		if (s->selector != ESTP_INTERRUPT || memcmp(place, &room, sizeof(room)))
			continue;
		prefix = ESTP_PREFIX(s->mask, s->response_len, s->reset_pkey);
		memcpy(place, &prefix, sizeof(prefix));
	}
	qsort(header + 1, c->seq_nr, sizeof(*header), by_value);
	header[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, c->seq_nr);
	__builtin___clear_cache((char *)c->base, (char *)c->base + c->len);
	must(!mprotect(c->base, c->len, PROT_READ | PROT_EXEC));
	code_reset(c);
}

int code_register(struct code *c, int layout)
{
	struct table t;
	unsigned int i;
	int err;

	if (layout == ESTP_LAYOUT_PAGE)
		return madv_register(c->base, page_len());
	table_init(&t, c->base);
	for (i = 0; i < c->seq_nr; i++) {
		struct seq *s = &c->seq[i];
		struct estp_entry *e = table_add(&t, s->selector, code_addr(c, s->start),
						 s->end - s->start, code_addr(c, s->response));

		if (s->selector == ESTP_FAULT)
			e->causes = s->causes;
		if (s->selector != ESTP_INTERRUPT)
			continue;
		e->clear_mask = s->mask;
		e->response_len = s->response_len;
		e->flags = s->reset_pkey ? ESTP_ENTRY_RESET_PKEY : 0;
	}
	err = table_register(&t);
	table_free(&t);
	return err;
}

int code_unregister(struct code *c)
{
	return madv_unregister(c->base, c->len);
}

void code_reset(struct code *c)
{
	unsigned int i;

	c->data->inside = 0;
	c->data->landed = LANDED_NOWHERE;
	for (i = 0; i < ARRAY_LEN(c->data->mark); i++)
		c->data->mark[i] = 0;
	for (i = 0; i < c->hold_nr; i++)
		code_let_go(c, i, c->hold_at[i]);
}
