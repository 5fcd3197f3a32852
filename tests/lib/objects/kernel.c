// SPDX-License-Identifier: MIT
/* See kernel.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <estp/asm.h>
#include "core.h"
#include "insn.h"
#include "judge.h"

struct kernel kernel;

static const struct estp_rules rules = {
	.page_size = 4096, .clear_valid = INSN_CLEAR_VALID, .insn_align = ESTP_INSN_ALIGN_,
	.causes = ESTP_CAUSE_VALID, .reset_pkey = true,
};

static int is(const char *what)
{
	const char *kind = getenv("KERNEL");

	return kind && !strcmp(kind, what);
}

static int malformed(const char *what, const struct estp_reject *why)
{
	printf("%s: %u: %s: %s\n", what, why->index, estp_field_text(why->field),
	       estp_reason_text(why->reason));
	return ENOEXEC;
}

/* Nothing masked may leak: the whole input, in match order. */
static int judge(struct estp_sequence *seq, unsigned int nr)
{
	static struct estp_item item[RECORD_MAX];
	static uint64_t scratch[RECORD_MAX * 2];
	uint32_t offender;
	unsigned int i;

	for (i = 0; i < nr; i++)
		item[i].seq = seq[i];
	estp_sort(item, nr);
	return estp_rule_check(item, nr, scratch, &offender) ? 0 : ENOEXEC;
}

static int register_page(const void *addr)
{
	struct registration *r = &kernel.registration[kernel.registrations];
	struct estp_reject why;
	int nr = estp_parse_page(&rules, addr, (uintptr_t)addr, r->seq, &why);

	if (nr < 0)
		return malformed("page", &why);
	r->page = addr;
	r->nr = nr;
	return judge(r->seq, nr);
}

static int register_table(const struct estp_table *table)
{
	struct registration *r = &kernel.registration[kernel.registrations];
	const struct estp_entry *entry = (const struct estp_entry *)(uintptr_t)table->entries;
	struct estp_reject why;
	int i, nr = estp_parse_table(&rules, table, &why);

	if (nr < 0)
		return malformed("table", &why);
	if (nr > RECORD_MAX)
		return ENOSPC;
	if (is("refuse") && !kernel.refused++)
		return ENOEXEC;
	for (i = 0; i < nr; i++)
		if (estp_parse_entry(&rules, table, &entry[i], i, &r->seq[i], &why))
			return malformed("entry", &why);
	r->page = NULL;
	r->nr = nr;
	return judge(r->seq, nr);
}

static int answer(uintptr_t addr, size_t len, int advice)
{
	int error;

	if (is("absent"))
		return EINVAL;
	if (addr % 4096)
		return EINVAL;
	switch (advice) {
	case MADV_ESTP_QUERY:
		return addr || len > ESTP_FEATURE_RESET_PKEY ? EINVAL : 0;
	case MADV_ESTP_UNREGISTER:
		kernel.unregistered++;
		return 0;
	case MADV_ESTP_REGISTER:
		if (kernel.registrations == REGISTRATION_MAX)
			return ENOSPC;
		error = (*(uint64_t *)addr >> ESTP_META_LAYOUT_SHIFT & 0xff) == ESTP_LAYOUT_TABLE ?
			register_table((void *)addr) : register_page((void *)addr);
		kernel.registrations += !error;
		return error;
	}
	return EINVAL;
}

int madvise(void *addr, size_t len, int advice)
{
	int error;

	if (advice < MADV_ESTP_REGISTER || advice > MADV_ESTP_QUERY)
		return syscall(SYS_madvise, addr, len, advice);
	kernel.asked++;
	error = answer((uintptr_t)addr, len, advice);
	if (!error)
		return 0;
	errno = error;
	return -1;
}

void object_ran(struct object *object, const struct where *where)
{
	unsigned int i;

	for (i = 0; i < object->wheres; i++)
		if (object->where[i].start == where->start)
			return;
	object->where[object->wheres++] = *where;
}
