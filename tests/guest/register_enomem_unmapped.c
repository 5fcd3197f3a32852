// SPDX-License-Identifier: MIT
/*
 * REG-9, REG-14: what is not mapped is ENOMEM: any page of the range, a table's
 * header, its entries' memory, any byte of a span, a response's first byte; an
 * address beyond user space, with tag bits, or one that wraps is not mapped; and
 * nothing changes, also for the parts that are fine.
 *
 * Method: each case is a range or table that is well-formed but for one hole. The
 * twin is the same with the hole avoided.
 */
#include "probe.h"

#define VALUE	0x1000

static struct guard guard;
static size_t page;

/* Probes with a hole after the second: P P - P. */
static u8 *with_hole(void)
{
	u8 *p = pages_new(4);
	int i;

	for (i = 0; i < 4; i++) {
		probe_code(p + i * page, VALUE + 0x100 * (i + 1));
		probe_header(p + i * page, 0);
	}
	must(!munmap(p + 2 * page, page));
	return p;
}

static void pages(void)
{
	u8 *p = with_hole();
	struct list list;

	refused(&guard, p, 3 * page, ENOMEM, "the last page of three");
	refused(&guard, p + page, 3 * page, ENOMEM, "the middle page of three");
	refused(&guard, p + 2 * page, 2 * page, ENOMEM, "the first page of two");
	refused(&guard, p + 2 * page, page, ENOMEM, "the only page");
	refused(&guard, p + page, page + 1, ENOMEM, "a page that only rounding up reaches");
	refused(&guard, NULL, page, ENOMEM, "page 0");
	refused(&guard, (void *)(USER_END), page, ENOMEM, "the first page beyond user space");
	refused(&guard, (void *)(1ull << 63), page, ENOMEM, "an address of no mode at all");
	refused(&guard, (void *)(~0ull << 21), page, ENOMEM, "an address of the kernel");
	refused(&guard, (void *)((u64)guard.page | 1ull << 62), page, ENOMEM,
		"a registered page's address with a tag bit");

	is(madv_register(p, 2 * page), 0, "twin: without the hole, the pages before it");
	is(madv_register(p + 3 * page, page), 0, "twin: the page after it");
	list = list_own();
	is(list.nr, guard.list.nr + 3 * ESTP_SELECTOR_NR, "twin: three probes more");
	list_free(&list);
	must(!madv_unregister(p, 4 * page));
	guard_renew(&guard);
}

/* A table of which one place is bad. */
struct place {
	u64 header, entries, start, response;
	u64 length;
	u64 base;
};

static int call(const struct place *p)
{
	if (p->header)
		return madv_register((void *)p->header, page);
	return -EINVAL;
}

static struct estp_entry fault_entry(u64 base, u64 start, u64 length, u64 response)
{
	return (struct estp_entry) {
		.start = start - base, .length = length, .response = response - base,
		.selector = ESTP_FAULT, .causes = ESTP_CAUSE_PAGE,
	};
}

/* Fills in header and entry where they can be written. */
static int table_of(struct place p, bool write_entry)
{
	struct estp_table *header = (void *)p.header;

	*header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1),
		.base = p.base, .entries = p.entries, .entry_size = sizeof(struct estp_entry),
	};
	if (write_entry)
		*(struct estp_entry *)p.entries =
			fault_entry(p.base, p.start, p.length, p.response);
	return call(&p);
}

static void tables(void)
{
	u8 *code = with_hole(), *data = pages_new(3);
	struct place good = {
		.header = (u64)data, .entries = (u64)(data + page), .base = (u64)code,
		.start = (u64)code + probe_seq[ESTP_FAULT].start, .length = INSNS(1),
		.response = (u64)code + probe_seq[ESTP_FAULT].response[0],
	}, p;
	u64 hole = (u64)code + 2 * page;

	must(!munmap(data + 2 * page, page));

	refused(&guard, data + 2 * page, page, ENOMEM, "a table's header (or whatever it was)");

	p = good;
	p.entries = (u64)(data + 2 * page);
	left_alone(&guard, table_of(p, false), ENOMEM, "the entries");
	p.entries = (u64)(data + 2 * page) - sizeof(struct estp_entry) + 1;
	left_alone(&guard, table_of(p, false), ENOMEM, "the last byte of the entries");
	p.entries = ~0ull - 10;
	left_alone(&guard, table_of(p, false), ENOMEM, "entries that wrap");
	p.entries = USER_END;
	left_alone(&guard, table_of(p, false), ENOMEM, "entries beyond user space");
	p.entries = good.entries | 1ull << 61;
	left_alone(&guard, table_of(p, false), ENOMEM, "entries with a tag bit");

	p = good;
	p.start = hole;
	left_alone(&guard, table_of(p, true), ENOMEM, "the span");
	p.start = hole - INSNS(1);
	p.length = INSNS(2);
	left_alone(&guard, table_of(p, true), ENOMEM, "the span's last byte");
	p.start = hole + page - INSNS(1);
	left_alone(&guard, table_of(p, true), ENOMEM, "the span's first byte");
	p.start = hole - INSNS(1);
	p.length = page + INSNS(2);
	left_alone(&guard, table_of(p, true), ENOMEM, "the span's middle");
	p = good;
	p.response = hole;
	left_alone(&guard, table_of(p, true), ENOMEM, "the response");
	p = good;
	p.length = 0;
	p.start = hole;
	left_alone(&guard, table_of(p, true), ENOMEM, "an empty span, before it is malformed");

	p = good;
	p.length = INSN_FLOOR(0xffffffff);
	left_alone(&guard, table_of(p, true), ENOMEM, "the longest span there is");
	p = good;
	p.base = 0;
	p.start = (u64)-INSNS(1);
	p.response = (u64)-INSNS(2);
	left_alone(&guard, table_of(p, true), ENOMEM, "a span below address 0");
	p.base = USER_END;
	p.start = p.response = p.base - page;
	p.length = INSNS(1);
	left_alone(&guard, table_of(p, true), ENOMEM, "the last page of user space");
	p.length = page + INSNS(1);
	left_alone(&guard, table_of(p, true), ENOMEM, "a span across the end of user space");
	p = good;
	p.base |= 1ull << 60;
	p.start |= 1ull << 60;
	p.response |= 1ull << 60;
	left_alone(&guard, table_of(p, true), ENOMEM, "code addressed with a tag bit");

	is(table_of(good, true), 0, "twin: the same table without a hole");
	is(probe_load(code, NULL), PROBE_VALUE(VALUE + 0x100, ESTP_FAULT, 0), "twin: it diverts");
	p = good;
	p.entries = (u64)(data + 2 * page) - sizeof(struct estp_entry);
	is(table_of(p, true), 0, "twin: entries that end right before the hole");
	p = good;
	p.start = hole - INSNS(1);
	is(table_of(p, true), 0, "twin: a span that ends right before the hole");
}

void test(void)
{
	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	pages();
	tables();
}
