// SPDX-License-Identifier: MIT
/*
 * The harness itself: what the other tests conclude from it holds only if it
 * loads, saves and compares every register, reads frames, and puts a signal at
 * exactly the pc it says. No ESTP in here.
 */
#include "harness.h"

static struct regs in, out, want;

static void run_and_compare(void)
{
	struct code *c = code_new(1);
	u32 entry = emit_land(c, 1), seed;

	code_seal(c);
	for (seed = 1; seed <= 2; seed++) {
		regs_fill(&in, seed);
		regs_run(&in, &out, code_addr(c, entry));
		is(c->data->landed, 1, "code runs and returns");
		is(regs_diff(&out, &in, "after nothing"), 0, "all registers come back");
	}
	regs_fill(&want, 2);
	regs_clear(&want, ~0u, true);
	ok(regs_diff(&out, &want, NULL) > 16, "cleared registers are seen to differ");
	is(secrets_in(&want, sizeof(want)), 1, "a cleared register file holds rsp's filler alone");
	ok(secrets_in(&out, sizeof(out)) > 40, "secrets are found in a filled one");
	code_free(c);
}

/* Each general register alone: a change in one is one difference. */
static void one_by_one(void)
{
	unsigned int i, seen = 0, bits = 0;

	for (i = 0; i < 32; i++) {
		u32 mask = (1u << i) & REGS_CLEAR_VALID;

		if (!mask)
			continue;
		want = in;
		regs_clear(&want, mask, false);
		bits++;
		seen += regs_diff(&in, &want, NULL) >= 1;
	}
	is(seen, bits, "each maskable register is compared");
}

static void frames(void)
{
	struct code *c = code_new(1);
	u32 launch_off = emit_launch(c), at[4], landed, i;
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };

	for (i = 0; i < 4; i++)
		at[i] = emit_nop(c);
	emit_land(c, 1);
	code_seal(c);
	catch_signal(SIGUSR1, 0);
	for (i = 0; i < 4; i++) {
		caught_reset();
		regs_fill(&in, 10 + i);
		landed = launch(c, launch_off, (u64)code_addr(c, at[i]), SIGUSR1, &in, &out);
		is(landed, 1, "launched at instruction %u, the code goes on", i);
		is(caught->nr, 1, "one handler ran");
		is(caught->pc, (u64)code_addr(c, at[i]), "the signal came at that pc");
		is(regs_diff(&caught->frame, &in, "frame"), 0, "the frame holds all registers");
		is(regs_diff_live(&caught->live, &in, "live"), 0, "so do the live ones");
		is(regs_diff(&out, &in, "after the handler"), 0, "and so does the thread after it");
		ok(caught->stack_secrets > 40, "secrets are found on the signal stack");
		ok(caught->live_secrets > 8, "and in the live registers");
	}
	must(!sigaltstack(&alt, NULL));
	catch_signal(SIGUSR1, SA_ONSTACK);
	caught_reset();
	landed = launch(c, launch_off, (u64)code_addr(c, at[0]), SIGUSR1, &in, &out);
	ok(landed == 1 && caught->stack_secrets > 40, "and on an alternate one");
	is(regs_diff(&out, &in, "after the handler"), 0, "nothing changed");
	code_free(c);
}

static void held(void)
{
	static struct victim v = { .cpu = 0 };
	u32 i;

	v.code = code_new(1);
	v.entry = emit_inside(v.code);
	emit_hold(v.code);
	code_seal(v.code);
	v.cpu = cpus_nr() - 1;
	victim_start(&v);
	for (i = 0; i < 10; i++)
		preempt(v.cpu);
	is(victim_join(&v, 50), LANDED_ESCAPE, "a victim that stays is let out");
	is(regs_diff(&v.out, &v.in, "victim"), 0, "its registers are intact");
	code_free(v.code);
}

static void die(void *arg)
{
	if (arg)
		raise(SIGILL);
	for (;;)
		pause();
}

void test(void)
{
	run_and_compare();
	one_by_one();
	frames();
	held();
	ok(killed_by(run_child(die, "", 5), SIGILL), "a child's death is told");
	is(run_child(die, NULL, 1), -1, "a child that stays is killed");
}
