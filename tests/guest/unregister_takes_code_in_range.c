// SPDX-License-Identifier: MIT
/*
 * UNREG-1, UNREG-2, UNREG-3: UNREGISTER removes what is registered for code in the
 * range: pages and entries alike; an entry whose span reaches in goes whole, one of
 * which only the response lies there stays; ENOENT where there is nothing; the range
 * need not be mapped.
 *
 * Method: an arrangement of pages and entries over five pages. For each range of whole
 * pages in it, the list after UNREGISTER is compared with what the clauses leave of
 * it; what is left diverts, what is gone does not. The twin is the arrangement before.
 */
#include "probe.h"

#define VALUE	0x1000
#define PAGES	5

static u8 *base;
static size_t page;

static const struct {
	u32 page, start;		/* of the span */
	u32 length;
	u32 response_page;
} entries[] = {
	{ 0, 0x10, 8, 0 },		/* all on one page */
	{ 0, 0x20, 8, 2 },		/* response elsewhere */
	{ 1, 0x30, 8, 4 },
	{ 4, 0x40, 8, 0 },
	{ 2, TABLE_PAGE - 8, 16, 3 },		/* over a border */
	{ 0, TABLE_PAGE - 4, TABLE_PAGE + 8, 1 },	/* over three pages */
	{ 1, TABLE_PAGE - INSNS(1), 2 * TABLE_PAGE + INSNS(2), 1 },	/* over four */
	{ 3, 0, TABLE_PAGE, 3 },		/* a page, exactly */
};
#define SPAN_START(i) (entries[i].page * page + in_pages(entries[i].start))
#define SPAN_LEN(i) in_pages(entries[i].length)
#define SPAN_END(i) (SPAN_START(i) + SPAN_LEN(i))

/* Pages 1 and 3 are ESTP pages as well. */
static bool is_estp_page(u32 i)
{
	return i == 1 || i == 3;
}

static void arrange(void)
{
	struct table t;
	u32 i;

	table_init(&t, base);
	for (i = 0; i < ARRAY_LEN(entries); i++)
		/* A cause that does not get into the probes' way. */
		table_add(&t, ESTP_FAULT, base + SPAN_START(i), SPAN_LEN(i),
			  base + entries[i].response_page * page + 0x80)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
	for (i = 0; i < PAGES; i++)
		if (is_estp_page(i))
			must(!madv_register(base + i * page, page));
}

/* What a range of pages [from, to) leaves; -1: nothing was there. */
static int left_of(u32 from, u32 to, bool *left_entry, bool *left_page)
{
	bool found = false;
	u32 i, nr = 0;

	for (i = 0; i < ARRAY_LEN(entries); i++) {
		left_entry[i] = SPAN_END(i) <= from * page || SPAN_START(i) >= to * page;
		found |= !left_entry[i];
		nr += left_entry[i];
	}
	for (i = 0; i < PAGES; i++) {
		left_page[i] = is_estp_page(i) && (i < from || i >= to);
		found |= is_estp_page(i) && !left_page[i];
		nr += left_page[i] ? ESTP_SELECTOR_NR : 0;
	}
	return found ? (int)nr : -1;
}

static void range(u32 from, u32 to, size_t len)
{
	bool left_entry[ARRAY_LEN(entries)], left_page[PAGES];
	int want = left_of(from, to, left_entry, left_page), err;
	u32 i, right = 0, total = 0;
	struct list list;

	arrange();
	list = list_own();
	is(list.nr, ARRAY_LEN(entries) + 2 * ESTP_SELECTOR_NR, "twin: the arrangement is there");
	list_free(&list);
	err = madv_unregister(base + from * page, len);
	is(-err, want < 0 ? ENOENT : 0, "pages %u to %u, %zu bytes", from, to, len);
	list = list_own();
	for (i = 0; i < ARRAY_LEN(entries); i++, total++)
		right += list_has(&list, ESTP_FAULT, base + SPAN_START(i), SPAN_LEN(i),
				  base + entries[i].response_page * page + 0x80) == left_entry[i];
	for (i = 0; i < PAGES; i++, total++)
		right += !is_estp_page(i) ||
			 probe_fault(base + i * page, VALUE + 0x100 * i) == (left_page[i] ? 0 : -1);
	is(right, total, "what the clauses leave is left, and nothing else");
	if (want >= 0)
		is(list.nr, want, "%d sequences", want);
	list_free(&list);
}

/* What only responds into the range goes on diverting. */
static void response_stays(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	u8 *p = base, *q = base + page;
	struct table t;

	must(!madv_unregister(base, PAGES * page));
	table_init(&t, base);
	table_add(&t, ESTP_FAULT, p + f->start, f->end - f->start, q + f->response[1]);
	must(!table_register(&t));
	must(!madv_register(q, page));
	is(probe_load(p, NULL), PROBE_VALUE(VALUE + 0x100, ESTP_FAULT, 1),
	   "twin: an entry that responds on another page, which has sequences, too");
	is(madv_unregister(q, page), 0, "that page is unregistered");
	is(probe_fault(q, VALUE + 0x100), -1, "its own sequences are gone");
	is(probe_load(p, NULL), PROBE_VALUE(VALUE + 0x100, ESTP_FAULT, 1), "the entry diverts still");
	is(-madv_unregister(q, page), ENOENT, "nothing is registered for code there now");
	is(madv_register(q, page), 0, "it can be registered again");
	is(probe_fault(q, VALUE + 0x100), 0, "and diverts");
	is(madv_unregister(p, page), 0, "the entry goes by its span");
	is(probe_load(p, NULL), PROBE_FAULTED, "it is gone");
	table_free(&t);
}

static void not_mapped(void)
{
	u8 *hole = base + 5 * page;

	must(!madv_unregister(base, PAGES * page));
	is(-madv_unregister(base, PAGES * page), ENOENT, "nothing is there twice");
	is(-madv_unregister(NULL, page), ENOENT, "page 0");
	is(-madv_unregister(hole, page), ENOENT, "a page that is not mapped");
	is(-madv_unregister((void *)(1ull << 63), page), ENOENT, "an address of no mode at all");
	is(-madv_unregister(base, 0), ENOENT, "an empty range");
	is(-madv_unregister(base + 1, page), EINVAL, "misaligned");
	is(-madv_unregister(base, -(u64)page), EINVAL, "an overflow");
	must(!madv_register(base + page, page));
	is(madv_unregister(NULL, USER_END), 0, "all of user space");
	is(probe_fault(base + page, VALUE + 0x100), -1, "then the page is gone");
	must(!madv_register(base + page, page));
	is(-madv_unregister(base + 2 * page, page), ENOENT, "the page behind");
	is(-madv_unregister(base, page), ENOENT, "the page before");
	is(-madv_unregister(base, 0), ENOENT, "an empty range where something is");
	is(probe_fault(base + page, VALUE + 0x100), 0, "twin: it diverts after all that");
	must(!madv_unregister(base + page, page));
	is(stats().sequences, 0, "in the end nothing is registered");
}

void test(void)
{
	u32 i, from, to;

	need_estp();
	page = page_size();
	base = pages_new(PAGES + 1);
	must(!munmap(base + PAGES * page, page));
	for (i = 0; i < PAGES; i++) {
		probe_code(base + i * page, VALUE + 0x100 * i);
		probe_header(base + i * page, 0);
	}
	for (from = 0; from < PAGES; from++)
		for (to = from + 1; to <= PAGES; to++)
			range(from, to, (to - from) * page);
	range(1, 3, page + 1);
	range(1, 2, 1);
	response_stays();
	not_mapped();
}
