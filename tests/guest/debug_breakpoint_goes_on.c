// SPDX-License-Identifier: MIT
/*
 * DBG-2: a breakpoint in a PREEMPTION sequence works as everywhere: the tracer reads
 * the trap's own pc, puts the instruction back, steps over it, and the sequence goes
 * on behind it.
 *
 * Method: what a debugger does, at each instruction of the sequence in turn, on a
 * traced child. Only a true preemption before the breakpoint or after the last step may
 * divert it: rare. The twin is the same, unregistered.
 */
#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2
#define STEPS		6
#define ROUNDS		4
#define BY_CHANCE	2

static struct tracee *t;

struct seen {
	unsigned int shown, stepped, went, diverted, intact;
};

/* False if the child was preempted, and so diverted, before it came to the breakpoint. */
static bool break_at(struct code *c, u32 hold, const u32 *at, unsigned int i, struct seen *seen)
{
	u64 addr = (u64)code_addr(c, at[i]);
	u32 landed;
	long word;

	tracee_start(t);
	tracee_interrupt(t);
	must(tracee_pc(t->pid) == (u64)code_addr(c, hold));
	word = tracee_breakpoint(t->pid, addr);
	/* The page is the child's own now: a hold cannot be let go. */
	tracee_set_pc(t->pid, (u64)code_addr(c, at[0]));
	tracee_go(t, PTRACE_CONT, 0);
	if (tracee_wait(t) != SIGTRAP) {
		must(c->data->landed == RESPONSE);
		return false;
	}
	seen->shown += tracee_pc(t->pid) == addr + code_trap_pc;
	tracee_poke(t->pid, addr, word);
	tracee_set_pc(t->pid, addr);
	tracee_go(t, PTRACE_SINGLESTEP, 0);
	must(tracee_wait(t) == SIGTRAP);
	seen->stepped += tracee_pc(t->pid) == (u64)code_addr(c, at[i + 1]);
	landed = tracee_end(t);
	seen->went += landed == THROUGH;
	seen->diverted += landed == RESPONSE;
	seen->intact += !regs_diff(&t->out, &t->in, "after the breakpoint");
	return true;
}

static void part(int layout, bool registered)
{
	unsigned int by_chance = registered ? BY_CHANCE : 0, missed = 0, round, i;
	u32 hold, at[STEPS + 1], response;
	struct code *c = code_new(1);
	struct seen seen = {0};

	t->code = c;
	t->entry = emit_inside(c);
	hold = emit_hold(c);
	for (i = 0; i < STEPS; i++)
		at[i] = i & 1 ? emit_step(c) : emit_nop(c);
	at[STEPS] = emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = at[0],
					.end = at[STEPS], .response = response });
	code_seal(c);
	if (registered)
		must(!code_register(c, layout));
	for (round = 0; round < ROUNDS; round++)
		for (i = 0; i < STEPS; i++)
			while (!break_at(c, hold, at, i, &seen))
				must(++missed <= by_chance);
	is(seen.shown, ROUNDS * STEPS, "%s: the tracer reads the trap's pc",
	   registered ? layout_names[layout] : "twin");
	is(seen.stepped, ROUNDS * STEPS, "a step over the instruction leads to the next one");
	is(seen.went + seen.diverted, ROUNDS * STEPS, "every child came out");
	ok(seen.went >= ROUNDS * STEPS - by_chance,
	   "%u of %d finished the sequence", seen.went, ROUNDS * STEPS);
	is(seen.intact, ROUNDS * STEPS, "no register changed");
	code_free(c);
}

void test(void)
{
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	for (l = 0; l < ARRAY_LEN(layouts); l++)
		part(layouts[l], true);
	part(0, false);
}
