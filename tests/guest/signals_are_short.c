// SPDX-License-Identifier: MIT
/*
 * EVT-8, LIM-24: nobody can make a signal keep interrupts off for long. Its delivery searches at most
 * twice, for INTERRUPT at the pc and for PREEMPTION at the response, each search with the bounds that
 * are a fault's (atomic_paths_are_short); an ended INTERRUPT, whose response reaches over 17 pages, the last of
 * which has gone, counts as often as it is looked up.
 *
 * Method: instructions are counted (--icount: a nanosecond of the guest's clock is one). A thread
 * sends itself a signal, by a system call behind which the two entries decide: alone; as the last ones
 * that LIM-24 lets be found, behind others in force, the first of which decides; and when these have ended.
 * On slow kernels, which look for bugs, that is all: nothing is held against a count.
 *
 * vm: --icount --cpus 1 --timeout 300
 */
#include "harness.h"

const unsigned int test_seconds = 120;

#define INTERRUPTED	1	/* where those lead that end */
#define PREEMPTED	2
#define LAST_PREEMPTED	3	/* where the last one leads */
#define THROUGH		4
#define FINDS		64u	/* look-ups that tell that entries have ended */
#define SEARCHED	4096u
#define RESPONSE_LEN	65535u
#define ROUNDS		10
#define ENDED_COST	170000u

static size_t page;
static struct code *c;
static u32 call, at, pages;
static u32 interrupted, preempted, last_interrupted, last_preempted;

/*
 * Page 0: the call, and @at behind it.  Page 1: where the last INTERRUPT leads, which is where
 * PREEMPTION is searched.  Then where those lead that will end: the first response of each
 * kind reaches the last page, or lies there.
 */
static void make(void)
{
	u32 long_response, end;

	at = page - 256;
	long_response = 3 * page - 64;
	pages = (long_response + RESPONSE_LEN - 1) / page + 1;
	c = code_new(pages);
	emit_org(c, at - code_syscall_len);
	call = emit_syscall(c);
	must(c->at == at);
	emit_land(c, THROUGH);
	end = page + at;
	emit_org(c, end);
	last_interrupted = emit_land(c, 0xbad);
	emit_org(c, 2 * page);
	last_preempted = emit_land(c, LAST_PREEMPTED);
	emit_org(c, long_response);
	interrupted = emit_land(c, INTERRUPTED);
	emit_org(c, (pages - 1) * page);
	preempted = emit_land(c, PREEMPTED);
	code_seal(c);
}

static void entry(struct table *t, int selector, u32 start, u32 len, u32 response)
{
	struct estp_entry *e = table_add(t, selector, code_addr(c, start), len, code_addr(c, response));

	if (selector == ESTP_INTERRUPT)
		e->response_len = response == interrupted ? RESPONSE_LEN : 1;
}

/* The last entry that can be found at @pc, all others having ended; see atomic_paths_are_short. */
static void arrange(struct table *t, int selector, u32 pc, u32 ends, u32 last)
{
	u32 first = pc - pc % page, off = pc - first, i, len, nr;
	/* Those with the longest responses first; what they leave goes for some on one page. */
	u32 each = ends == interrupted ? pages - 2 : 1, left = FINDS;

	for (nr = 0; left; nr++) {
		bool is_long = left >= each;

		entry(t, selector, first + nr * 60, off + INSN_ALIGN - nr * 60, is_long ? ends : preempted);
		left -= is_long ? each : 1;
	}
	for (len = INSN_ALIGN; nr < SEARCHED - 1; len += INSN_ALIGN)
		for (i = 0; i + len <= off && nr < SEARCHED - 1; i += INSN_ALIGN, nr++)
			entry(t, selector, first + i, len, ends);
	entry(t, selector, pc, INSN_ALIGN, last);
}

/* Instructions of one signal, the fewest of some. */
static u64 measured(u32 want, const char *what)
{
	static struct regs in, out;
	u64 best = ~0ull;
	u32 right = 0;
	int i;

	for (i = 0; i < ROUNDS; i++) {
		u64 before, took;

		regs_fill(&in, i);
		regs_set_syscall(&in, SYS_tgkill, getpid(), gettid(), SIGUSR1, 0);
		code_reset(c);
		caught_reset();
		before = now_ns();
		regs_run(&in, &out, code_addr(c, call));
		took = now_ns() - before;
		best = took < best ? took : best;
		right += c->data->landed == want && caught->nr == 1;
	}
	is(right, ROUNDS, "%s: handled, and led to %u", what, want);
	diag("%s: %llu instructions", what, (unsigned long long)best);
	return best;
}

void test(void)
{
	u64 none, one, deciding, ended;
	struct table t;

	need_estp_and_counters();
	page = sysconf(_SC_PAGESIZE);
	catch_signal(SIGUSR1, 0);
	make();
	none = measured(THROUGH, "twin, no entry");

	table_init(&t, c->base);
	entry(&t, ESTP_INTERRUPT, at, INSN_ALIGN, last_interrupted);
	entry(&t, ESTP_PREEMPTION, last_interrupted, INSN_ALIGN, last_preempted);
	must(!table_register(&t));
	table_free(&t);
	one = measured(LAST_PREEMPTED, "one entry each");
	must(!madv_unregister(c->base, 2 * page));

	table_init(&t, c->base);
	arrange(&t, ESTP_INTERRUPT, at, interrupted, last_interrupted);
	arrange(&t, ESTP_PREEMPTION, last_interrupted, preempted, last_preempted);
	must(!table_register(&t));
	table_free(&t);
	deciding = measured(INTERRUPTED, "before they end, the first decides");
	must(!munmap(code_addr(c, (pages - 1) * page), page));
	ended = measured(LAST_PREEMPTED, "64 look-ups for ended entries among 4096, twice");

	ok(one > none, "twin: one entry each costs something");
	if (slowness() == 1) {
		ok(deciding < one + 1000, "entries in force cost next to nothing");
		ok(ended < one + ENDED_COST, "ended ones at most %u instructions", ENDED_COST);
	}
	ok(ended > one + 2 * SEARCHED, "twin: those are really passed over, in both searches");
}
