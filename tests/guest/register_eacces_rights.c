// SPDX-License-Identifier: MIT
/*
 * REG-10, TAB-10, REG-4, REG-14: memory that is not readable, code that is not
 * executable, and span and response in different mappings are EACCES, and nothing
 * changes.
 *
 * Method: one page or table whose mappings get other rights from case to case. The
 * twin of each is the same with the rights given back.
 */
#include "probe.h"

#define VALUE	0x1000
#define R	PROT_READ
#define W	PROT_WRITE
#define X	PROT_EXEC

static struct guard guard;
static size_t page;

static const struct {
	int prot;
	const char *name;
} rights[] = {
	{ PROT_NONE, "no rights" },
	{ R, "read" },
	{ W, "write" },
	{ X, "execute" },
	{ R | W, "read and write" },
	{ W | X, "write and execute" },
	{ R | X, "read and execute" },
	{ R | W | X, "all rights" },
};

/* What x86_64's and arm64's mmap both make of these: write does not imply read there. */
static bool readable(int prot)
{
	return prot & R;
}

static void layout_0(void)
{
	void *p = probe_new(VALUE + 0x100);
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(rights); i++) {
		int prot = rights[i].prot;

		must(!mprotect(p, page, prot));
		if (!readable(prot) || !(prot & X)) {
			refused(&guard, p, page, EACCES, "an ESTP page with %s", rights[i].name);
			continue;
		}
		is(madv_register(p, page), 0, "twin: an ESTP page with %s", rights[i].name);
		is(probe_fault(p, VALUE + 0x100), 0, "twin: it diverts");
		must(!madv_unregister(p, page));
	}

	/* Not a header of any kind, and not executable: that is what is said of it. */
	*(u64 *)p = 0;
	must(!mprotect(p, page, R | W));
	refused(&guard, p, page, EACCES, "a page of neither layout, not executable");
	must(!mprotect(p, page, R | W | X));
	refused(&guard, p, page, ENOEXEC, "twin: a page of neither layout, executable");
	munmap(p, page);
}

static void later_page(void)
{
	u8 *p = pages_new(3);
	int i;

	for (i = 0; i < 3; i++) {
		probe_code(p + i * page, VALUE + 0x100);
		probe_header(p + i * page, 0);
	}
	must(!mprotect(p + page, page, R | W));
	refused(&guard, p, 3 * page, EACCES, "the second page of three is not executable");
	must(!mprotect(p + page, page, R | X));
	is(madv_register(p, 3 * page), 0, "twin: it is; different mappings do not matter");
	must(!madv_unregister(p, 3 * page));
}

/* header, entries and two pages of code, each a mapping of its own */
struct layout_1 {
	struct estp_table *header;
	struct estp_entry *entry;
	u8 *code;
};

static void *mapping(unsigned int nr)
{
	u8 *p = pages_new(nr + 2);

	must(!mprotect(p, page, PROT_NONE));
	must(!mprotect(p + (nr + 1) * page, page, PROT_NONE));
	return p + page;
}

static struct layout_1 make(u64 start, u64 length, u64 response)
{
	struct layout_1 t = { mapping(1), mapping(1), mapping(2) };

	probe_code(t.code, VALUE + 0x100);
	*t.header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1), .base = (u64)t.code,
		.entries = (u64)t.entry, .entry_size = sizeof(*t.entry),
	};
	*t.entry = (struct estp_entry) {
		.start = start, .length = length, .response = response,
		.selector = ESTP_FAULT, .causes = ESTP_CAUSE_PAGE,
	};
	return t;
}

static int call(const struct layout_1 *t)
{
	return madv_register(t->header, page);
}

static struct layout_1 probe_table(void)
{
	const struct probe_seq *s = &probe_seq[ESTP_FAULT];

	return make(s->start, s->end - s->start, s->response[0]);
}

static void layout_1(void)
{
	struct layout_1 t = probe_table();
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(rights); i++) {
		int prot = rights[i].prot;

		must(!mprotect(t.header, page, prot));
		if (readable(prot))
			is(call(&t), 0, "twin: a table's header with %s", rights[i].name);
		guard_renew(&guard);
		if (!readable(prot))
			left_alone(&guard, call(&t), EACCES, "a table's header with %s",
				   rights[i].name);
		must(!mprotect(t.header, page, R | W));

		must(!mprotect(t.entry, page, prot));
		if (readable(prot))
			is(call(&t), 0, "twin: entries with %s", rights[i].name);
		else
			left_alone(&guard, call(&t), EACCES, "entries with %s", rights[i].name);
		must(!mprotect(t.entry, page, R | W));

		/* The kernel does not read the code: it need not be readable. */
		must(!mprotect(t.code, 2 * page, prot));
		if (prot & X)
			is(call(&t), 0, "twin: code with %s", rights[i].name);
		else
			left_alone(&guard, call(&t), EACCES, "code with %s", rights[i].name);
		must(!mprotect(t.code, 2 * page, R | X));
	}
	is(probe_fault(t.code, VALUE + 0x100), 0, "twin: it diverts");
	must(!madv_unregister(t.code, 2 * page));
	guard_renew(&guard);
}

static void two_mappings(void)
{
	struct layout_1 t = make(page - INSNS(2), INSNS(4), 16);

	is(call(&t), 0, "twin: a span over two pages of one mapping");
	must(!madv_unregister(t.code, 2 * page));
	guard_renew(&guard);
	/* Executable both, but two lines of /proc/PID/maps. */
	must(!mprotect(t.code + page, page, R | X));
	left_alone(&guard, call(&t), EACCES, "a span over two mappings");
	t.entry->start = page + 16;
	left_alone(&guard, call(&t), EACCES, "span behind, response before the border");
	t.entry->start = 16;
	t.entry->response = page + 16;
	left_alone(&guard, call(&t), EACCES, "span before, response behind the border");
	t.entry->response = page - INSNS(1);
	is(call(&t), 0, "twin: both before it");
	t.entry->start = page - INSNS(4);
	is(call(&t), 0, "twin: a span that ends at it");
	guard_renew(&guard);

	must(!mprotect(t.code, page, R | W | X));
	must(!mprotect(t.code + page, page, R | W));
	t.entry->start = page - INSNS(3);
	left_alone(&guard, call(&t), EACCES, "a span's end that is not executable");
	t.entry->length = 0;
	t.entry->start = page;
	left_alone(&guard, call(&t), EACCES, "an empty span there, before it is malformed");
	t.entry->start = 16;
	t.entry->length = INSNS(4);
	t.entry->response = page;
	left_alone(&guard, call(&t), EACCES, "a response that is not executable");
	must(!mprotect(t.code, 2 * page, R | X));
	is(call(&t), 0, "twin: one mapping again, executable");
}

void test(void)
{
	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	layout_0();
	later_page();
	layout_1();
	two_mappings();
}
