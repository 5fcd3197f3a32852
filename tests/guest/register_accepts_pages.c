// SPDX-License-Identifier: MIT
/*
 * PAGE-1, PAGE-3, PAGE-5, PAGE-6, PAGE-9, PAGE-10, PAGE-11: whatever a page may say by these
 * clauses is accepted and means just that, byte by byte.
 *
 * Method: pages on which every byte is an instruction that faults. After registration
 * each byte is executed once: where a FAULT span holds it the fault leads to the
 * response of the first descriptor in order, elsewhere it is a signal. A few
 * arrangements by hand, then random ones up to 255 descriptors, against a model of
 * two lines. The twin is the same page, unregistered: signals only. For the other
 * selectors: spans that overlap, where the first in order decides.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000

static struct mines mines;
static u64 *word;
static u32 page;

static int by_value(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

#define START(w) ((u32)((w) >> ESTP_DESC_START_SHIFT & ESTP_DESC_OFF_MASK))
#define END(w) ((u32)((w) >> ESTP_DESC_END_SHIFT & ESTP_DESC_OFF_MASK))
#define RESPONSE(w) ((u32)((w) & ESTP_DESC_OFF_MASK))

/* What clause PAGE-9 says of an offset. */
static int model(u32 nr, u32 off)
{
	u32 i;

	for (i = 1; i <= nr; i++)
		if (off >= START(word[i]) && off < END(word[i]))
			return (RESPONSE(word[i]) - mines.answers) / PROBE_ANSWER_LEN;
	return -1;
}

/* Executes every byte behind the header; returns how many went as the model says. */
static u32 visit(u32 nr, bool registered, u32 *hits)
{
	u32 off, right = 0;

	*hits = 0;
	for (off = ESTP_HEADER_LEN(nr); off < mines.answers; off += probe_mine_len) {
		int want = registered ? model(nr, off) : -1, got = mine_step(&mines, off);

		*hits += got >= 0;
		right += got == want;
		if (got != want)
			diag("offset %#x: %d, should be %d", off, got, want);
	}
	return right;
}

static void check(u32 nr, const char *what)
{
	u32 total = (mines.answers - ESTP_HEADER_LEN(nr) + probe_mine_len - 1) / probe_mine_len;
	u32 hits = 0, right;
	u64 before;
	int err;

	qsort(word + 1, nr, sizeof(*word), by_value);
	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	err = madv_register(mines.base, page);
	before = diverted(ESTP_FAULT);
	right = err ? 0 : visit(nr, true, &hits);
	ok(!err && right == total && hits, "%s: %u bytes, %u diverted", what, total, hits);
	is(diverted(ESTP_FAULT) - before, hits, "the kernel counted them");
	must(!madv_unregister(mines.base, page));
	memset(word, 0, ESTP_HEADER_LEN(nr));
}

static u64 fault(u32 start, u32 end, u32 answer)
{
	return ESTP_DESCRIPTOR(ESTP_FAULT, start, end, mine_answer(&mines, answer));
}

static void by_hand(void)
{
	u32 h = ESTP_HEADER_LEN(1), hits;

	word[1] = fault(h, h + probe_mine_len, 0);
	check(1, "the first instruction behind the header");
	word[1] = fault(mines.answers - probe_mine_len, page, 1);
	check(1, "up to the page's end");
	word[1] = fault(h, page, 2);
	check(1, "everything");
	word[1] = fault(0x200, 0x300, 3);
	word[2] = fault(0x300, 0x400, 4);
	check(2, "two side by side");
	word[1] = fault(0x200, 0x400, 5);
	word[2] = fault(0x280, 0x300, 6);
	check(2, "one inside another: the outer one comes first");
	word[1] = fault(0x200, 0x300, 7);
	word[2] = fault(0x200, 0x400, 8);
	check(2, "one start: the shorter one comes first");
	word[1] = fault(0x200, 0x300, 9);
	word[2] = fault(0x200, 0x300, 10);
	check(2, "one span: the lower response comes first");
	is(visit(2, false, &hits), (mines.answers - ESTP_HEADER_LEN(2)) / probe_mine_len,
	   "twin: unregistered, no byte diverts");
}

static u32 below(u32 n)
{
	static u64 state = 0x9e3779b97f4a7c15ull;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % n;
}

static void random_page(u32 nr)
{
	u32 h = ESTP_HEADER_LEN(nr), i, k;
	char text[64];

	for (i = 1; i <= nr; i++) {
		u32 start = INSN_FLOOR(h + below(page - h));
		u32 len = INSN_CEIL(1 + below(below(8) ? INSNS(24) : page - h));

		word[i] = fault(start, start + len > page ? page : start + len,
				below(MINE_ANSWERS));
		for (k = 1; k < i && word[k] != word[i]; k++)
			;
		if (k < i)
			i--;
	}
	snprintf(text, sizeof(text), "%u random descriptors", nr);
	check(nr, text);
}

/* Of two spans over one loop, or load, the first in order decides: for each selector. */
static void overlapping(int selector)
{
	const struct probe_seq *s = &probe_seq[selector];
	static const char *const names[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
	void *p = probe_new(VALUE);
	u64 *w = p;

	w[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 2);
	w[1] = ESTP_DESCRIPTOR(selector, s->start - 16, s->end, s->response[1]);
	w[2] = ESTP_DESCRIPTOR(selector, s->start, s->end, s->response[0]);
	must(!probe_register(p));
	is(probe(p, VALUE, selector), 1, "%s: the earlier start decides", names[selector]);
	w[1] = ESTP_DESCRIPTOR(selector, s->start - 16, s->start, s->response[1]);
	must(!probe_register(p));
	is(probe(p, VALUE, selector), 0, "%s: twin: the earlier one ends before", names[selector]);
	munmap(p, page);
}

/* A page descriptor means SIGSEGV, SIGBUS, SIGILL and SIGFPE. */
static void causes(void)
{
	struct list list;
	void *p = probe_new(VALUE);
	u32 i, causes = 0;

	must(!probe_register(p));
	list = list_own();
	for (i = 0; i < list.nr; i++)
		if (list.seq[i].selector == ESTP_FAULT)
			causes = list.seq[i].causes;
	is(causes, ESTP_CAUSE_PAGE, "a FAULT descriptor has the causes 15");
	list_free(&list);
}

/* An object that is made for the largest page there is. */
static void aligned_to_64k(void)
{
	u8 *room = pages_new(2 * 65536 / page), *p = (u8 *)(((u64)room + 65535) & ~65535ull);

	probe_code(p, VALUE);
	probe_header(p, 0);
	ok(page == 4096 || page == 16384 || page == 65536, "pages of %u bytes", page);
	is(madv_register(p, 1), 0, "header and code in the first 4 KiB of 64 KiB: registered");
	is(probe_fault(p, VALUE), 0, "and it diverts");
	must(!madv_unregister(p, 1));
}

void test(void)
{
	static const u32 sizes[] = { 3, 10, 40, 100, 255 };
	unsigned int i;

	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	mines = mines_new(1);
	word = (u64 *)mines.base;
	by_hand();
	for (i = 0; i < ARRAY_LEN(sizes); i++)
		random_page(sizes[i]);
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		overlapping(i);
	causes();
	aligned_to_64k();
}
