// SPDX-License-Identifier: MIT
/*
 * EVT-8, LIM-24: nobody can make an event take long. Matching, which runs with interrupts
 * off, takes a bounded number of instructions more, whatever has been registered: for
 * 65535 entries on the pc's page next to nothing; and where as many as possible of them
 * have ended, and have to be passed over, no more than for 4096 entries.
 *
 * Method: instructions are counted (--icount: a nanosecond of the guest's clock is one). A
 * fault is diverted on a page with one entry; with 65535; and with an arrangement made so
 * that the entry that decides is the last one that LIM-24 lets be found: entries that cover
 * the pc but respond on a page that has been unmapped, and between them all those that end
 * before it. FAULT asks by the same function as PREEMPTION and INTERRUPT.
 * On slow kernels, which look for bugs, these are the longest searches there are: they are not held against a count.
 *
 * vm: --icount --cpus 1 --timeout 300
 */
#include "probe.h"

const unsigned int test_seconds = 120;

#define VALUE	0x1000
#define OTHER	0x2000
#define AT	(4000u & ~(INSN_ALIGN - 1))	/* the pc */
#define ENDED	64u
#define MANY	65535u
#define ROUNDS	30
#define MANY_COST	1000u
#define ENDED_COST	100000u

static size_t page;
static u8 *code;
static void *other;

/*
 * Instructions of one fault, the fewest of some; where it leads. Each is found out: the answer that is kept
 * is that of a fault elsewhere, before.
 */
static u64 cost(long *led)
{
	long (*fault)(void) = (long (*)(void))(code + AT);
	u64 best = ~0ull;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u64 before, took;

		must(!probe_fault(other, OTHER));
		before = now_ns();
		*led = fault();
		took = now_ns() - before;
		best = took < best ? took : best;
	}
	return best;
}

static void entry(struct table *t, u32 start, u32 len, const void *response)
{
	table_add(t, ESTP_FAULT, code + start, len, response);
}

static u64 measured(struct table *t, long want, const char *what)
{
	int err = t ? table_register(t) : 0;
	long led;
	u64 took;

	must(!err);
	if (t)
		table_free(t);
	took = cost(&led);
	is(led, want, "%s: the right entry decides", what);
	diag("%s: %llu instructions", what, (unsigned long long)took);
	return took;
}

void test(void)
{
	u64 one, many, ended;
	u8 *answers, *going;
	struct table t;
	u32 i, len, nr = 0;

	need_estp();
	page = page_size();
	other = probe_new(OTHER);
	must(!probe_register(other));
	/* One mapping, so that spans and responses lie in one (TAB-10). */
	code = pages_new(3);
	answers = code + page;
	going = code + 2 * page;
	for (i = 0; i < page; i++)
		code[i] = probe_mine[i % probe_mine_len];
	probe_answer(answers, VALUE);
	probe_answer(answers + 64, VALUE + 1);
	probe_answer(going, VALUE + 2);

	table_init(&t, code);
	entry(&t, AT, INSN_ALIGN, answers);
	one = measured(&t, VALUE, "one entry");
	must(!madv_unregister(code, page));

	/* All of them end before the pc, or begin at it: none but the last counts. */
	table_init(&t, code);
	for (len = INSN_ALIGN; nr < MANY - 1; len += INSN_ALIGN)
		for (i = 0; i + len <= AT && nr < MANY - 1; i += INSN_ALIGN, nr++)
			entry(&t, i, len, answers);
	entry(&t, AT, INSN_ALIGN, answers + 64);
	many = measured(&t, VALUE + 1, "65535 entries");
	must(!madv_unregister(code, page));

	table_init(&t, code);
	for (i = 0; i < ENDED; i++)
		entry(&t, i * 60, AT + INSN_ALIGN - i * 60, going);
	for (nr = 0, len = INSN_ALIGN; nr < 4096 - ENDED - 1; len += INSN_ALIGN)
		for (i = 0; i + len <= AT && nr < 4096 - ENDED - 1; i += INSN_ALIGN, nr++)
			entry(&t, i, len, answers);
	entry(&t, AT, INSN_ALIGN, answers + 64);
	ended = measured(&t, VALUE + 2, "before they end, the first decides");
	if (slowness() == 1)
		ok(ended < one + MANY_COST, "and costs no more than one entry");
	must(!munmap(going, page));
	ended = measured(NULL, VALUE + 1, "64 ended entries among 4096");

	if (slowness() == 1) {
		ok(many < one + MANY_COST, "65535 entries cost at most %u instructions more", MANY_COST);
		ok(ended < one + ENDED_COST, "ended ones at most %u", ENDED_COST);
	}
	ok(ended > one + 4096, "twin: those are really passed over, one by one");
	must(!madv_unregister(code, page));
}
