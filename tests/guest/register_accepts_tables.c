// SPDX-License-Identifier: MIT
/*
 * TAB-1, TAB-3, TAB-5, TAB-7, TAB-8, TAB-10: whatever a table may say by these clauses is
 * accepted and means just that, byte by byte.
 *
 * Method: three pages on which every byte is an instruction that faults. After
 * registration each byte is executed once: where an entry holds it the fault leads to
 * the response of the entry that decides by TAB-7, elsewhere it is a signal. Random
 * tables over page borders, from headers and entries at any place, are compared with a
 * model of the clause. Causes: one load that is a SIGSEGV, then a SIGBUS, at one pc. The
 * twin is the same code, unregistered.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define PAGES	3

static struct mines mines;
static size_t page;
static struct table table;

/* Registers from a header and entries at given places, with a given base. */
static int register_at(struct estp_table *header, void *entries, u64 base)
{
	u32 i;

	*header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, table.nr), .base = base,
		.entries = (u64)entries, .entry_size = sizeof(struct estp_entry),
	};
	memcpy(entries, table.entry, table.nr * sizeof(struct estp_entry));
	for (i = 0; i < table.nr; i++) {
		struct estp_entry e = table.entry[i];

		e.start += table.base - base;
		e.response += table.base - base;
		memcpy((struct estp_entry *)entries + i, &e, sizeof(e));
	}
	return madv_register(header, 1);
}

/* TAB-7: the lowest start, then the shortest, then the lowest response. */
static bool decides(const struct estp_entry *a, const struct estp_entry *b)
{
	if (a->start != b->start)
		return a->start < b->start;
	if (a->length != b->length)
		return a->length < b->length;
	return a->response < b->response;
}

static int model(u32 off)
{
	const struct estp_entry *best = NULL;
	u32 i;

	for (i = 0; i < table.nr; i++) {
		const struct estp_entry *e = &table.entry[i];

		if (e->selector != ESTP_FAULT || off < (u32)e->start ||
		    off >= (u32)e->start + e->length)
			continue;
		if (!best || decides(e, best))
			best = e;
	}
	return best ? (best->response - (int)mines.answers) / (int)PROBE_ANSWER_LEN : -1;
}

static void visit(int err, bool registered, const char *what)
{
	u64 before = diverted(ESTP_FAULT), hits = 0;
	u32 off, right = 0, total = 0;

	for (off = 0; off < mines.answers && !err; off += probe_mine_len) {
		int want = registered ? model(off) : -1, got = mine_step(&mines, off);

		hits += got >= 0;
		right += got == want;
		total++;
		if (got != want)
			diag("offset %#x: %d, should be %d", off, got, want);
	}
	ok(!err && right == total && !hits == !registered, "%s: %u bytes, %llu diverted", what,
	   total, (unsigned long long)hits);
	if (!registered)
		return;
	is(diverted(ESTP_FAULT) - before, hits, "the kernel counted them");
	must(!madv_unregister(mines.base, mines.len));
}

static void add(u32 start, u32 length, u32 answer)
{
	table_add(&table, ESTP_FAULT, mines.base + start, length,
		  mines.base + mine_answer(&mines, answer));
}

static void begin(void)
{
	table_free(&table);
	table_init(&table, mines.base);
}

static u32 below(u32 n)
{
	static u64 state = 0x2545f4914f6cdd1dull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void random_table(u32 nr, void *entries, u64 base, const char *what)
{
	struct estp_table *header = pages_new(1);
	char text[96];
	u32 i, k;

	begin();
	while (table.nr < nr) {
		u32 start = INSN_FLOOR(below(mines.len - 1));
		u32 len = INSN_CEIL(1 + below(below(6) ? INSNS(40) : mines.len));

		if (start + len > mines.len)
			len = mines.len - start;
		add(start, len, below(MINE_ANSWERS));
		i = table.nr - 1;
		for (k = 0; k < i; k++)
			if (table.entry[k].start == table.entry[i].start &&
			    table.entry[k].length == table.entry[i].length)
				table.nr = i;
	}
	snprintf(text, sizeof(text), "%u random entries, %s", nr, what);
	visit(register_at(header, entries, base), true, text);
	munmap(header, page);
}

static void random_tables(void)
{
	u8 *data = pages_new(4), *low;
	u64 base = (u64)mines.base;

	random_table(1, data, base, "base at the code");
	random_table(3, data + 1, base, "entries at an odd address");
	random_table(20, data + page - 7, base, "entries over a page's border");
	random_table(60, data, base - 0x7ff00000, "base nearly 2 GiB below the code");
	random_table(60, data, base + 0x7ff00000, "base nearly 2 GiB above the code");
	random_table(60, data, base + INSNS(1), "base at another instruction");
	low = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(low != MAP_FAILED);
	random_table(150, low, base, "entries in shared memory that is not executable");
	begin();
	visit(0, false, "twin: unregistered");
}

/* Header and entries in one page; the entries right behind the header. */
static void one_page_table(void)
{
	u8 *data = pages_new(1);
	const struct { int start; u32 length; u32 answer; } e[] = {
		{ 0x10, INSNS(1), 0 }, { 0x30, 0x10, 1 }, { 0x38, 0x10, 2 }, { 0x50, INSNS(2), 3 },
	};
	u32 i;

	begin();
	for (i = ARRAY_LEN(e); i-- > 0;)
		add(e[i].start, e[i].length, e[i].answer);
	visit(register_at((void *)data, data + sizeof(struct estp_table), (u64)mines.base), true,
	     "header and entries in one page, in falling order");
	munmap(data, page);
}

/* As many entries as there can be. */
#define STARTS	2048u

static void large_table(void)
{
	u32 i, nr = ESTP_TABLE_COUNT_MAX, wrong = 0;
	struct estp_table *header = pages_new(1);
	void *entries = pages_new(nr * sizeof(struct estp_entry) / page + 1);
	int err;

	begin();
	/* Each start with several lengths: the shortest decides. */
	for (i = 0; i < nr; i++)
		add(INSNS((i * 7919u) % STARTS), INSNS(1 + i / STARTS), i % MINE_ANSWERS);
	err = register_at(header, entries, (u64)mines.base);
	is(err, 0, "a table of %u entries", nr);
	is(stats().sequences, nr, "all of them are counted");
	for (i = 0; i < STARTS && !err; i += 61 - i % 2)
		wrong += mine_step(&mines, INSNS(i)) != model(INSNS(i));
	is(wrong, 0, "the right ones decide");
	must(!madv_unregister(mines.base, mines.len));
	begin();
	for (i = 0; i <= ESTP_TABLE_COUNT_MAX; i++)
		add(INSNS(i % STARTS), INSNS(1), 0);
	/* 65536 does not fit into the count: it reads as 0. */
	header->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, table.nr);
	is(madv_register(header, page), -ENOEXEC, "twin: 65536 entries cannot be said");
}

/* One load, two causes. */
static void causes(void)
{
	const struct probe_seq *s = &probe_seq[ESTP_FAULT];
	u8 *p = probe_new(VALUE), *start = p + s->start, *bus;
	int fd = memfd_create("cut", 0);
	struct table t;

	must(fd >= 0);
	must(!ftruncate(fd, page));
	bus = mmap(NULL, page, PROT_READ, MAP_SHARED, fd, 0);
	must(bus != MAP_FAILED);
	must(!ftruncate(fd, 0));

	is(probe_load(p, bus), PROBE_FAULTED, "twin: unregistered, a SIGBUS comes");
	table_init(&t, p);
	table_add(&t, ESTP_FAULT, start, INSNS(1), p + s->response[0])->causes = ESTP_CAUSE_BUS;
	must(!table_register(&t));
	is(probe_load(p, bus), PROBE_VALUE(VALUE, ESTP_FAULT, 0), "SIGBUS is its cause");
	is(probe_load(p, NULL), PROBE_FAULTED, "SIGSEGV is not");
	table_add(&t, ESTP_FAULT, start, INSNS(2), p + s->response[1])->causes =
		ESTP_CAUSE_SEGV | ESTP_CAUSE_ILL;
	must(!table_register(&t));
	is(probe_load(p, bus), PROBE_VALUE(VALUE, ESTP_FAULT, 0), "with a later entry: SIGBUS");
	is(probe_load(p, NULL), PROBE_VALUE(VALUE, ESTP_FAULT, 1),
	   "SIGSEGV passes over the first and finds the second");

	/* The page's own descriptor comes last. */
	must(!madv_unregister(p, page));
	probe_header(p, 1);
	must(!probe_register(p));
	is(probe_load(p, bus), PROBE_VALUE(VALUE, ESTP_FAULT, 1), "twin: the page alone");
	t.nr = 1;
	must(!table_register(&t));
	is(probe_load(p, bus), PROBE_VALUE(VALUE, ESTP_FAULT, 0), "an entry comes before it");
	is(probe_load(p, NULL), PROBE_VALUE(VALUE, ESTP_FAULT, 1),
	   "where its causes do not match, the page decides");
	table_free(&t);
}

/* For the other selectors: entry before descriptor, and the lowest start first. */
static void overlapping(int selector)
{
	static const char *const names[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
	const struct probe_seq *s = &probe_seq[selector];
	u8 *p = probe_new(VALUE);
	struct table t;

	must(!probe_register(p));
	is(probe(p, VALUE, selector), 0, "%s: twin: the page alone", names[selector]);
	table_init(&t, p);
	table_add(&t, selector, p + s->start, s->end - s->start + INSNS(1), p + s->response[1]);
	must(!table_register(&t));
	is(probe(p, VALUE, selector), 1, "%s: an entry comes before the page's descriptor",
	   names[selector]);
	table_add(&t, selector, p + s->start - INSNS(1), s->end - s->start + INSNS(1), p + s->response[0]);
	must(!table_register(&t));
	is(probe(p, VALUE, selector), 0, "%s: an entry of a lower start comes before both",
	   names[selector]);
	table_free(&t);
	munmap(p, page);
}

void test(void)
{
	unsigned int i;

	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	mines = mines_new(PAGES);
	one_page_table();
	random_tables();
	large_table();
	causes();
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		overlapping(i);
}
