// SPDX-License-Identifier: MIT
/*
 * MEM-4, REG-13, REG-14: more than 65535 descriptors and entries on one page are ENOSPC, and nothing changes.
 *
 * Method: a page gets as many entries as there can be, with a limit of memory that is no matter; then one
 * more, alone, with others that would have a place, and as a descriptor. Twins: that one on another page;
 * those that are there already, again; and the one when others have gone.
 *
 * vm: --module-args max_bytes=268435456 --mem 1024
 */
#include "probe.h"

const unsigned int test_seconds = 240;

#define VALUE	0x1000
#define MANY	65535u

static struct guard guard;
static size_t page;
static u8 *code;

/* @nr different ones on the page at @at, those of [from, from + nr) in an order that is always the same. */
static int enter(u8 *at, u32 from, u32 nr)
{
	u32 i, len, n = 0;
	struct table t;
	int err;

	table_init(&t, code);
	for (len = INSN_ALIGN; n < from + nr; len += INSN_ALIGN)
		for (i = 0; i + len <= page && n < from + nr; i += INSN_ALIGN, n++)
			if (n >= from)
				table_add(&t, ESTP_FAULT, at + i, len, at + page - INSN_ALIGN);
	err = table_register(&t);
	table_free(&t);
	return err;
}

/* Each of them with one more on the full page. */
static void refused_entries(u8 *first, u32 nr)
{
	struct table t;
	u32 i;

	table_init(&t, code);
	for (i = 0; i < nr; i++)
		table_add(&t, ESTP_PREEMPTION, first + i * page, INSN_ALIGN, first);
	refused(&guard, table_header(&t), page, ENOSPC, "one entry more, among %u on so many pages", nr);
	table_free(&t);
}

void test(void)
{
	u8 *box;

	need_estp();
	page = page_size();
	code = pages_new(4);
	box = code + 3 * page;
	guard_new(&guard, VALUE);

	is(enter(code, 0, MANY), 0, "%u entries on one page", MANY);
	guard_renew(&guard);
	refused_entries(code, 1);
	refused_entries(code, 3);
	is(enter(code, 0, MANY), 0, "twin: all of them again");
	is(enter(code + page, MANY, 1), 0, "twin: the one more, on another page");
	guard_renew(&guard);

	is(enter(box, 0, MANY), 0, "another page with as many");
	guard_renew(&guard);
	probe_code(box, VALUE);
	probe_header(box, 0);
	refused(&guard, box, page, ENOSPC, "descriptors that come to them");
	must(!madv_unregister(box, page));
	is(enter(box, 0, MANY / 2), 0, "half as many");
	is(madv_register(box, page), 0, "twin: they have a place then");

	must(!madv_unregister(code, page));
	is(enter(code, 0, MANY - 1), 0, "all but one");
	is(enter(code, MANY, 1), 0, "twin: then there is a place for it");
}
