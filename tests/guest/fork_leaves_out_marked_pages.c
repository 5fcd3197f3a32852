// SPDX-License-Identifier: MIT
/*
 * LIFE-3: what has a span or a response in a mapping that MADV_DONTFORK or
 * MADV_WIPEONFORK marks is not in the child's set; all else is, and the parent's set
 * stays whole.
 *
 * Method: six pages, of which one at a time is marked; ESTP pages, entries, a response
 * and a span over three pages meet it or do not. The child's list is compared with what
 * the clause leaves, and what lies where nothing is mapped any more is mapped anew and
 * must not divert. Twin: MADV_DOFORK and MADV_KEEPONFORK before the fork.
 */
#include "probe.h"

#define VALUE	0x1000
#define PAGES	6

static u8 *base;
static size_t page;

/* Entries: which pages each has. */
static const struct {
	u32 first, last, response;
	u32 start, length;
} entries[] = {
	{ 0, 0, 0, 0x10, 4 },
	{ 0, 0, 3, 0x20, 4 },		/* far response */
	{ 1, 3, 2, TABLE_PAGE - 0x10, TABLE_PAGE + 0x20 },	/* over three pages */
	{ 4, 5, 5, TABLE_PAGE - 4, 8 },
	{ 5, 5, 0, 0x30, 4 },
};

/* ESTP pages: 2 and 4. */
static bool is_estp_page(u32 i)
{
	return i == 2 || i == 4;
}

static void arrange(void)
{
	struct table t;
	u32 i;

	table_init(&t, base);
	for (i = 0; i < ARRAY_LEN(entries); i++)
		table_add(&t, ESTP_FAULT, base + entries[i].first * page +
			  in_pages(entries[i].start), in_pages(entries[i].length),
			  base + entries[i].response * page + 0x80)
			->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
	for (i = 0; i < PAGES; i++) {
		if (!is_estp_page(i))
			continue;
		probe_code(base + i * page, VALUE + 0x100 * i);
		probe_header(base + i * page, 0);
		must(!madv_register(base + i * page, page));
	}
}

/* Runs in the child: with page @marked left out, is the set what it must be? */
static int right_without(int marked)
{
	struct list list = list_own();
	u32 i, want = 0;

	for (i = 0; i < ARRAY_LEN(entries); i++) {
		bool stays = ((int)entries[i].first > marked || (int)entries[i].last < marked) &&
			     (int)entries[i].response != marked;

		want += stays;
		if (stays != list_has(&list, ESTP_FAULT,
				      base + entries[i].first * page +
				      in_pages(entries[i].start), in_pages(entries[i].length),
				      base + entries[i].response * page + 0x80))
			return 10 + i;
	}
	for (i = 0; i < PAGES; i++) {
		if (!is_estp_page(i))
			continue;
		if ((int)i != marked) {
			want += ESTP_SELECTOR_NR;
			if (probe_fault(base + i * page, VALUE + 0x100 * i))
				return 20 + i;
			continue;
		}
		/* The same page, at the same address, but new. */
		must(mmap(base + i * page, page, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == base + i * page);
		probe_code(base + i * page, VALUE + 0x100 * i);
		probe_header(base + i * page, 0);
		if (probe_fault(base + i * page, VALUE + 0x100 * i) != -1)
			return 30 + i;
		if (probe_register(base + i * page) ||
		    probe_fault(base + i * page, VALUE + 0x100 * i))
			return 40 + i;
	}
	if (list.nr != want || (int)list.nr != (int)want)
		return 50;
	return 0;
}

static void child(void *arg)
{
	_exit(right_without(*(int *)arg));
}

static void marked(int which, int advice, const char *name)
{
	struct list before = list_own(), after;
	int status;

	must(!madvise(base + which * page, page, advice));
	status = run_child(child, &which, 10);
	if (!ok(exited_with(status, 0), "%s, page %d: what touches it is not in the child's set",
		name, which))
		diag("ended by %s", ending(status));
	after = list_own();
	ok(list_same(&before, &after), "the parent's set is whole");
	list_free(&before);
	list_free(&after);
}

static void unmarked(int which, int advice, const char *name)
{
	int none = -1, status;

	must(!madvise(base + which * page, page, advice));
	status = run_child(child, &none, 10);
	if (!ok(exited_with(status, 0), "twin: %s, page %d: all is in the child's set", name, which))
		diag("ended by %s", ending(status));
}

void test(void)
{
	int i, none = -1, status;

	need_estp();
	page = page_size();
	base = pages_new(PAGES);
	arrange();
	status = run_child(child, &none, 10);
	ok(exited_with(status, 0), "twin: nothing marked: the child has all");
	for (i = 0; i < PAGES; i++) {
		marked(i, MADV_DONTFORK, "MADV_DONTFORK");
		unmarked(i, MADV_DOFORK, "MADV_DOFORK");
		marked(i, MADV_WIPEONFORK, "MADV_WIPEONFORK");
		unmarked(i, MADV_KEEPONFORK, "MADV_KEEPONFORK");
	}
}
