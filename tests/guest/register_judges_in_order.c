// SPDX-License-Identifier: MIT
/*
 * REG-8, REG-12, TAB-11: of several things that are wrong the first decides: page by
 * page in address order; in a table the header, the entries' memory, entry by entry in
 * table order; within one item ENOMEM, EACCES, EFAULT, ENOEXEC. MASK-5 comes last.
 *
 * Method: every pair of faults that a page or an entry can have, in both orders: the
 * error is the former's. Twin: the latter alone, which gives its own error.
 */
#include <sys/mman.h>

#include "probe.h"

#define VALUE	0x1000

static struct guard guard;
static size_t page;

/* Pages ---------------------------------------------------------------------------- */

static const struct {
	const char *name;
	int err;
} page_faults[] = {
	{ "unmapped", ENOMEM }, { "not executable", EACCES }, { "not readable", EACCES },
	{ "cut off", EFAULT }, { "malformed", ENOEXEC },
};

/* A probe in a file, each page its own mapping, with one thing wrong. */
static void place(u8 *at, unsigned int fault)
{
	int fd = memfd_create("page", 0);

	must(fd >= 0);
	must(!ftruncate(fd, page));
	must(mmap(at, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) ==
	     at);
	probe_code(at, VALUE + 0x100);
	probe_header(at, 0);
	switch (fault) {
	case 0:
		must(!munmap(at, page));
		break;
	case 1:
		must(!mprotect(at, page, PROT_READ));
		break;
	case 2:
		must(!mprotect(at, page, PROT_EXEC));
		break;
	case 3:
		must(!ftruncate(fd, 0));
		break;
	case 4:
		*(u64 *)at = 0;
		break;
	}
	close(fd);
}

#define NO_FAULT 99

static void pages(void)
{
	u8 *range = pages_new(3);
	unsigned int a, b;

	for (a = 0; a < ARRAY_LEN(page_faults); a++) {
		for (b = 0; b < ARRAY_LEN(page_faults); b++) {
			place(range, NO_FAULT);
			place(range + page, a);
			place(range + 2 * page, b);
			refused(&guard, range, 3 * page, page_faults[a].err,
				"a page %s, then one %s", page_faults[a].name,
				page_faults[b].name);
		}
		place(range + page, NO_FAULT);
		place(range + 2 * page, a);
		refused(&guard, range, 3 * page, page_faults[a].err, "twin: the latter %s alone",
			page_faults[a].name);
	}
	place(range + 2 * page, NO_FAULT);
	is(madv_register(range, 3 * page), 0, "twin: none");
	must(!madv_unregister(range, 3 * page));
}

/* Tables ----------------------------------------------------------------------------- */

static u8 *code;		/* two pages executable, one not, one hole */
static struct estp_table *header;
static struct estp_entry *entry;

enum entry_fault {
	UNMAPPED_SPAN, UNMAPPED_RESPONSE, NOT_EXECUTABLE, TWO_MAPPINGS, BAD_SELECTOR, NO_LENGTH,
	ENTRY_FAULT_NR
};
static const struct {
	const char *name;
	int err;
} entry_faults[] = {
	[UNMAPPED_SPAN] = { "an unmapped span", ENOMEM },
	[UNMAPPED_RESPONSE] = { "an unmapped response", ENOMEM },
	[NOT_EXECUTABLE] = { "code not executable", EACCES },
	[TWO_MAPPINGS] = { "two mappings", EACCES },
	[BAD_SELECTOR] = { "a bad selector", ENOEXEC },
	[NO_LENGTH] = { "no length", ENOEXEC },
};

static void worsen(struct estp_entry *e, enum entry_fault fault)
{
	switch (fault) {
	case UNMAPPED_SPAN:
		e->start = 3 * page;
		break;
	case UNMAPPED_RESPONSE:
		e->response = 3 * page;
		break;
	case NOT_EXECUTABLE:
		e->start = e->response = 2 * page;
		break;
	case TWO_MAPPINGS:
		e->start = 2 * page;
		break;
	case BAD_SELECTOR:
		e->selector = 7;
		break;
	case NO_LENGTH:
		e->length = 0;
		break;
	default:
		break;
	}
}

static void fresh(unsigned int nr)
{
	unsigned int i;

	*header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr), .base = (u64)code,
		.entries = (u64)entry, .entry_size = sizeof(*entry),
	};
	for (i = 0; i < nr; i++)
		entry[i] = (struct estp_entry) {
			.start = 0x100 + 0x10 * i, .length = 8, .response = 0x80,
			.selector = ESTP_FAULT, .causes = ESTP_CAUSE_SEGV,
		};
}

static void expect(int err, const char *what, const char *more)
{
	left_alone(&guard, madv_register(header, page), err, "%s%s", what, more);
}

static void entries(void)
{
	unsigned int a, b;
	char text[128];

	for (a = 0; a < ENTRY_FAULT_NR; a++) {
		for (b = 0; b < ENTRY_FAULT_NR; b++) {
			fresh(3);
			worsen(&entry[1], a);
			worsen(&entry[2], b);
			snprintf(text, sizeof(text), "%s, then %s", entry_faults[a].name,
				 entry_faults[b].name);
			expect(entry_faults[a].err, text, "");
		}
		fresh(3);
		worsen(&entry[2], a);
		expect(entry_faults[a].err, "twin: the latter alone, ", entry_faults[a].name);
	}
}

/* In one entry: where it is comes before what it says. */
static void one_entry(void)
{
	fresh(1);
	worsen(&entry[0], UNMAPPED_SPAN);
	worsen(&entry[0], BAD_SELECTOR);
	worsen(&entry[0], NO_LENGTH);
	expect(ENOMEM, "one entry: unmapped, bad selector, no length", "");
	fresh(1);
	worsen(&entry[0], NOT_EXECUTABLE);
	worsen(&entry[0], BAD_SELECTOR);
	worsen(&entry[0], NO_LENGTH);
	expect(EACCES, "one entry: not executable, bad selector, no length", "");
	fresh(1);
	worsen(&entry[0], NOT_EXECUTABLE);
	worsen(&entry[0], UNMAPPED_RESPONSE);
	expect(ENOMEM, "one entry: not executable, response unmapped", "");
}

static void header_first(void)
{
	fresh(1);
	header->flags = 1;
	header->entries = (u64)code + 3 * page;
	expect(ENOEXEC, "a malformed header, unmapped entries", "");
	fresh(1);
	header->entries = (u64)code + 3 * page - 8;
	worsen(&entry[0], BAD_SELECTOR);
	expect(ENOMEM, "entries that are half unmapped", "");
	must(!mprotect(code, page, PROT_EXEC));
	fresh(2);
	header->entries = (u64)code;
	expect(EACCES, "entries that cannot be read", "");
	must(!mprotect(code, 2 * page, PROT_READ | PROT_EXEC));
}

/* A key twice is found at the later entry; the leak rule when all else is fine. */
static void twice_and_leaks(void)
{
	fresh(4);
	entry[2] = entry[0];
	worsen(&entry[3], UNMAPPED_SPAN);
	expect(ENOEXEC, "a key twice, then an unmapped span", "");
	fresh(4);
	worsen(&entry[1], UNMAPPED_SPAN);
	entry[2] = entry[0];
	expect(ENOMEM, "an unmapped span between the two of a key", "");
	fresh(4);
	entry[3] = entry[0];
	expect(ENOEXEC, "twin: a key twice alone", "");

	fresh(3);
	entry[0].selector = ESTP_INTERRUPT;
	entry[0].causes = 0;
	entry[0].response_len = 1;
	entry[0].clear_mask = 1;
	entry[0].length = 0x40;
	expect(ENOEXEC, "a leak alone", "");
	worsen(&entry[2], UNMAPPED_SPAN);
	expect(ENOMEM, "a leak, and an unmapped span after it", "");
	fresh(3);
	is(madv_register(header, page), 0, "twin: nothing wrong");
}

void test(void)
{
	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	pages();
	code = pages_new(4);
	must(!mprotect(code, 2 * page, PROT_READ | PROT_EXEC));
	must(!mprotect(code + 2 * page, page, PROT_READ));
	header = pages_new(1);
	entry = pages_new(1);
	must(!munmap(code + 3 * page, page));
	entries();
	one_entry();
	header_first();
	twice_and_leaks();
}
