// SPDX-License-Identifier: MIT
/*
 * FEN-1, FEN-2, EVT-6: when the fence returns, a thread that was in a PREEMPTION
 * span has been diverted, or will be before its next user instruction: it does not
 * commit. So for all CPUs, and for the one that it runs on; a fence of another CPU
 * does not concern it.
 *
 * Method: a thread waits in the span; the fence is called on another CPU; as soon as
 * it has returned the thread is let go towards the commit, which must never be
 * executed. The twin calls no fence, and commits each time.
 */
#include "harness.h"

#define RESPONSE	1
#define COMMITTED	2
#define ROUNDS		150
#define TIME_MS		1500	/* a slow machine does fewer rounds, */
#define LEAST		10	/* but so many: one in ten may be preempted by chance */

static struct victim v;
static u32 commit;

static struct code *make(void)
{
	struct code *c = code_new(1);
	u32 start, end, response;

	v.code = c;
	v.entry = emit_inside(c);
	start = emit_hold(c);
	commit = emit_mark(c, &c->data->mark[0], 1);
	end = emit_land(c, COMMITTED);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	return c;
}

enum how { ALL_CPUS, ITS_CPU, OTHER_CPU, NO_FENCE };
static const char *const how_names[] = { "all CPUs", "its CPU", "another CPU", "none" };

static int fence(enum how how)
{
	switch (how) {
	case ALL_CPUS:
		return madv_fence();
	case ITS_CPU:
		return madv_fence_cpu(v.cpu);
	case OTHER_CPU:
		return madv_fence_cpu(!v.cpu);
	default:
		return 0;
	}
}

static void rounds(enum how how, unsigned int nr)
{
	unsigned int committed = 0, response = 0, intact = 0, errors = 0, i;
	u64 end = now_ms() + TIME_MS;
	bool diverts = how == ALL_CPUS || how == ITS_CPU;
	u64 before = diverted(ESTP_PREEMPTION), fences = stats().fences;

	for (i = 0; i < LEAST || (i < nr && now_ms() < end); i++) {
		u32 landed;

		victim_start(&v);
		errors += fence(how) != 0;
		code_let_go(v.code, 0, commit);
		landed = victim_join(&v, 2000);
		response += landed == RESPONSE && !v.code->data->mark[0];
		committed += landed == COMMITTED && v.code->data->mark[0];
		intact += !regs_diff(&v.out, &v.in, "after the fence");
	}
	nr = i;
	is(errors, 0, "fence of %s: %u calls succeed", how_names[how], nr);
	is(committed + response, nr, "every thread came out");
	if (diverts)
		final(is(committed, 0, "none committed"));
	else
		ok(committed >= nr - nr / 10, "%u of %u committed", committed, nr);
	is(intact, nr, "no register changed");
	if (diverts)
		ok(diverted(ESTP_PREEMPTION) - before >= nr, "the kernel counted the diversions");
	is(stats().fences - fences, how == NO_FENCE ? 0 : nr, "and the fences");
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v = (struct victim) { .cpu = 1, .fifo = true };
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		make();
		must(!code_register(v.code, layouts[i]));
		diag("%s layout", layout_names[i]);
		rounds(ALL_CPUS, ROUNDS);
		rounds(ITS_CPU, ROUNDS);
		rounds(OTHER_CPU, 30);
		rounds(NO_FENCE, 30);
		code_free(v.code);
	}
}
