// SPDX-License-Identifier: MIT
/*
 * PRE-2: migration is a PREEMPTION: a thread that is moved to another CPU while
 * it is in a span goes on at the response, there.
 *
 * Method: it waits in a one-instruction span and its affinity is changed to the
 * other CPU, in both directions. The twin is moved as often and stays where it is.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define ROUNDS		40

static struct code *make(u32 *entry, u32 *go)
{
	struct code *c = code_new(1);
	u32 start, end, response;

	*entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	*go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	return c;
}

static int move(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(tid, sizeof(set), &set);
}

void test(void)
{
	static struct victim v;
	unsigned int landed = 0, intact = 0, moved = 0, i;
	u64 before;
	u32 entry, go;
	struct code *c;

	need_estp_and_counters();
	need_cpus(2);
	c = make(&entry, &go);
	must(!code_register(c, ESTP_LAYOUT_TABLE));
	before = diverted(ESTP_PREEMPTION);
	for (i = 0; i < ROUNDS; i++) {
		int from = i & 1;

		pin(!from);
		v = (struct victim) { .code = c, .entry = entry, .cpu = from, .fifo = true };
		victim_start(&v);
		/* Gone already if something else took its CPU. */
		moved += !move(v.tid, !from);
		landed += victim_join(&v, 2000) == RESPONSE;
		intact += !regs_diff(&v.out, &v.in, "after migration");
	}
	ok(moved >= ROUNDS / 2, "%u of %d threads were moved out of the span", moved, ROUNDS);
	is(landed, ROUNDS, "each migrated thread goes on at the response");
	is(intact, ROUNDS, "with all its registers");
	ok(diverted(ESTP_PREEMPTION) - before >= ROUNDS, "the kernel counted the diversions");

	must(!code_unregister(c));
	before = diverted_all();
	pin(0);
	v = (struct victim) { .code = c, .entry = entry, .cpu = 1 };
	victim_start(&v);
	for (i = 0; i < ROUNDS; i++)
		pin_tid(v.tid, i & 1);
	is(c->data->landed, LANDED_NOWHERE, "twin: migrated as often, it stays");
	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "twin: leaves where it is let go");
	is(diverted_all(), before, "twin: no diversion");
	code_free(c);
}
