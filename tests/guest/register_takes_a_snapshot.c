// SPDX-License-Identifier: MIT
/*
 * REG-15, REG-16, TAB-12, EVT-5: registration reads once. What is written to a page, a
 * table, a prefix word afterwards changes nothing, and they may vanish, until they are
 * registered again; that reads them anew.
 *
 * Method: a probe whose header, table or prefix word is overwritten, protected, cut
 * off or unmapped under all three selectors. The proof that it was read in the first
 * place, and the twin, is what the next registration makes of the same bytes.
 */
#include "probe.h"

#define VALUE	0x1000

static const char *const names[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
static size_t page;

static void all_lead_to(const void *p, int which, const char *when)
{
	int sel;

	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++)
		is(probe(p, VALUE, sel), which, "%s: %s", when, names[sel]);
}

static void header(void)
{
	u8 *p = probe_new(VALUE);
	struct list before, after;

	must(!probe_register(p));
	before = list_own();
	probe_header(p, 1);
	all_lead_to(p, 0, "the header says otherwise by now");
	memset(p, 0, PROBE_CODE);
	all_lead_to(p, 0, "the header is zeros");
	is(-probe_register(p), ENOEXEC, "twin: zeros are no header");
	all_lead_to(p, 0, "the header was refused");
	after = list_own();
	ok(list_same(&before, &after), "the list is as before");
	probe_header(p, 1);
	is(probe_register(p), 0, "twin: registered again");
	all_lead_to(p, 1, "twin: it says what stands there now");
	list_free(&before);
	list_free(&after);
	munmap(p, page);
}

static void prefix(void)
{
	u8 *p = probe_new(VALUE);
	u64 *word = (u64 *)(p + probe_seq[ESTP_INTERRUPT].response[0] - 8);
	struct list before, after;

	*word = ESTP_PREFIX(1, 2, 0);
	must(!probe_register(p));
	before = list_own();
	*word = ~0ull;
	after = list_own();
	ok(list_same(&before, &after), "a prefix word overwritten: the list is as before");
	is(probe(p, VALUE, ESTP_INTERRUPT), 0, "INTERRUPT goes where it went");
	is(-probe_register(p), ENOEXEC, "twin: it could not be registered so");
	munmap(p, page);
	list_free(&before);
	list_free(&after);
}

static void table(void)
{
	u8 *p = probe_new(VALUE);
	struct estp_table *h = pages_new(1);
	struct estp_entry *e = pages_new(1);
	struct table t;

	table_init(&t, p);
	probe_entries(&t, p, 0);
	memcpy(e, t.entry, ESTP_SELECTOR_NR * sizeof(*e));
	*h = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, ESTP_SELECTOR_NR),
		.base = t.base, .entries = (u64)e, .entry_size = sizeof(*e),
	};
	must(!madv_register(h, page));
	all_lead_to(p, 0, "a table");
	t.nr = 0;
	probe_entries(&t, p, 1);
	memcpy(e, t.entry, ESTP_SELECTOR_NR * sizeof(*e));
	all_lead_to(p, 0, "its entries say otherwise by now");
	is(madv_register(h, page), 0, "twin: registered again");
	all_lead_to(p, 1, "twin: it says what stands there now");
	must(!munmap(e, page));
	must(!munmap(h, page));
	all_lead_to(p, 1, "header and entries are unmapped");
	is(-madv_register(h, page), ENOMEM, "twin: they are gone");
	table_free(&t);
	munmap(p, page);
}

/* The page itself, where only the header cannot be read any more. */
static void file(void)
{
	int fd = memfd_create("page", 0);
	u8 *p;

	must(fd >= 0);
	must(!ftruncate(fd, page));
	p = mmap(NULL, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	probe_code(p, VALUE);
	probe_header(p, 0);
	must(!probe_register(p));
	must(!ftruncate(fd, 0));
	is(probe_load(p, NULL), PROBE_FAULTED, "the file is cut: there is no code any more");
	is(-probe_register(p), EFAULT, "and no header");
	must(!ftruncate(fd, page));
	probe_code(p, VALUE);
	all_lead_to(p, 0, "the code back, the header zeros");
	is(-probe_register(p), ENOEXEC, "twin: zeros are no header");
	close(fd);
	munmap(p, page);
}

void test(void)
{
	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	header();
	prefix();
	table();
	file();
}
