// SPDX-License-Identifier: MIT
/*
 * REG-2, REG-3, REG-4: a range is ESTP pages, all of them, or one table's header, as
 * bits 23..16 of the first word say; a header inside a range of pages and a header with
 * a range of more than one page are malformed.
 *
 * Method: ranges of three pages in which headers and ESTP pages stand in every
 * arrangement. The twin of each is the part of it that is of one kind.
 */
#include "probe.h"

#define VALUE	0x1000
#define NR	3

static struct guard guard;
static size_t page;
static u8 *range, *code;
static struct estp_entry *entry;

static void put(unsigned int i, char kind)
{
	u8 *p = range + i * page;

	memset(p, 0, page);
	if (kind == 'P') {
		probe_code(p, VALUE + 0x100 * (i + 1));
		probe_header(p, 0);
	} else if (kind == 'T') {
		*(struct estp_table *)p = (struct estp_table) {
			.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1), .base = (u64)code,
			.entries = (u64)entry, .entry_size = sizeof(*entry),
		};
	}
}

/* P: ESTP page, T: table's header, -: zeros. */
static void arrange(const char *kinds)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		put(i, kinds[i]);
}

static void mixed(const char *kinds, unsigned int pages)
{
	arrange(kinds);
	refused(&guard, range, pages * page, ENOEXEC, "%.*s", pages, kinds);
}

static void all_registered(const char *kinds, size_t len, unsigned int want)
{
	struct list list;
	unsigned int i;

	arrange(kinds);
	is(madv_register(range, len), 0, "twin: %s, %zu bytes", kinds, len);
	list = list_own();
	is(list.nr, guard.list.nr + want * ESTP_SELECTOR_NR, "twin: %u pages more in the list",
	   want);
	list_free(&list);
	for (i = 0; i < NR; i++)
		is(probe_fault(range + i * page, VALUE + 0x100 * (i + 1)), i < want ? 0 : -1,
		   "twin: page %u %s", i, i < want ? "diverts" : "does not");
	must(!madv_unregister(range, NR * page));
}

static void whole_pages(void)
{
	all_registered("PPP", 3 * page, 3);
	all_registered("PPP", 2 * page + 1, 3);
	all_registered("PPP", 2 * page, 2);
	all_registered("PPP", 1, 1);
	all_registered("PT-", page, 1);
}

static void one_header(void)
{
	static const size_t lens[] = { 1, 32, 4096 };
	unsigned int i;

	arrange("TPP");
	for (i = 0; i < ARRAY_LEN(lens); i++) {
		is(madv_register(range, lens[i] == 4096 ? page : lens[i]), 0,
		   "twin: a header, %zu bytes", lens[i]);
		is(probe_fault(code, VALUE), 1, "twin: its entry comes before the page's");
		must(!madv_unregister(code, page));
		must(!probe_register(code));
	}
	refused(&guard, range, page + 1, ENOEXEC, "a header, one byte more than a page");
	arrange("TTT");
	refused(&guard, range, 3 * page, ENOEXEC, "three headers");
}

/* The layout byte alone decides which of the two a page is judged as. */
static void judged_as(void)
{
	u64 *word = (u64 *)range;
	unsigned int layout, wrong = 0;

	/* Only an ESTP page has to be executable. */
	must(!mprotect(range, page, PROT_READ | PROT_WRITE));
	for (layout = 0; layout < 256; layout++) {
		int want = layout == ESTP_LAYOUT_TABLE ? -ENOEXEC : -EACCES;

		memset(range, 0, page);
		word[0] = (u64)layout << ESTP_META_LAYOUT_SHIFT;
		wrong += madv_register(range, page) != want;
	}
	is(wrong, 0, "not executable: EACCES but for layout 1");
	put(0, 'T');
	is(madv_register(range, page), 0, "twin: a header need not be executable");
	must(!mprotect(range, page, PROT_READ | PROT_WRITE | PROT_EXEC));
	ok(guard.page == code, "one probe serves for both");
}

void test(void)
{
	struct table t;

	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	code = guard.page;
	range = pages_new(NR);
	entry = pages_new(1);
	/* What the guard has already, but with the other response. */
	table_init(&t, code);
	probe_entries(&t, code, 1);
	*entry = t.entry[ESTP_FAULT];
	table_free(&t);

	whole_pages();
	mixed("PT-", 2);
	mixed("PTP", 3);
	mixed("PPT", 3);
	mixed("P--", 2);
	mixed("-PP", 3);
	mixed("PP-", 3);
	mixed("TP-", 2);
	mixed("TPP", 3);
	mixed("T--", 2);
	mixed("TT-", 2);
	one_header();
	judged_as();
}
