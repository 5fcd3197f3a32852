// SPDX-License-Identifier: MIT
/*
 * DBG-5, INT-8, INT-9, INT-7: code that steps a gate from inside, by the trap flag
 * and a SIGTRAP handler of its own, sees the response at the first step, and nothing
 * that the mask clears: pc, si_addr, registers.
 *
 * Method: the trap flag is set by the frame of a sigreturn that leads into the span,
 * so that one instruction of it is executed and trapped. The handler clears the flag in
 * its frame at the response. The twin steps through the whole gate and sees it all.
 */
#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define NOPS		6

static struct regs in, out, want;
static struct code *c;
static u32 launch_off, start, end, response;
static unsigned int traps, inside, secrets, wrong_addr;
static bool launched;

/* The launching trap comes to this handler, too: it is the first. */
static void on_trap(int sig, siginfo_t *info, ucontext_t *uc)
{
	u64 pc = frame_pc(uc);

	if (!launched) {
		launched = true;
		frame_set_pc(uc, (u64)code_addr(c, start));
		uc->uc_mcontext.gregs[REG_EFL] |= FLAG_TF;
		return;
	}
	traps++;
	inside += pc >= (u64)code_addr(c, start) && pc < (u64)code_addr(c, end);
	secrets += caught->live_secrets + caught->stack_secrets != 0;
	wrong_addr += (u64)info->si_addr != pc;
	/* Until it is out of the gate. */
	if (pc < (u64)code_addr(c, start) || pc >= (u64)code_addr(c, end))
		uc->uc_mcontext.gregs[REG_EFL] &= ~FLAG_TF;
}

static void step_in(void)
{
	traps = inside = secrets = wrong_addr = 0;
	launched = false;
	caught_reset();
	code_reset(c);
	regs_fill(&in, 8);
	regs_run(&in, &out, code_addr(c, launch_off));
}

void test(void)
{
	unsigned int i;
	u64 before;

	need_estp_and_counters();
	c = code_new(1);
	launch_off = emit_launch(c);
	start = c->at;
	for (i = 0; i < NOPS; i++)
		emit_nop(c);
	end = emit_land(c, THROUGH);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					.response = response, .mask = REGS_CLEAR_VALID });
	code_seal(c);
	catch_signal(SIGTRAP, 0);
	caught_hook = on_trap;
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(c, layouts[i]));
		before = diverted(ESTP_INTERRUPT);
		step_in();
		is(c->data->landed, RESPONSE, "%s: the first step leads to the response", layout_names[i]);
		is(traps, 1, "one trap");
		is(inside, 0, "its frame holds no pc inside");
		is(caught->pc, (u64)code_addr(c, response), "but the response");
		is(wrong_addr, 0, "si_addr, too");
		is(caught->fault_words, 0, "fault address, error code and trap number are 0");
		is(caught->info.si_code, TRAP_TRACE, "si_code is the step's");
		is(secrets, 0, "no secret anywhere");
		want = in;
		regs_clear(&want, REGS_CLEAR_VALID, false);
		is(regs_diff(&out, &want, "thread"), 0, "only masked registers changed");
		is(diverted(ESTP_INTERRUPT) - before, 1, "the kernel counted it");
		must(!code_unregister(c));
	}
	step_in();
	is(c->data->landed, THROUGH, "twin: it steps through the gate");
	is(inside, NOPS - 1, "twin: and sees each pc in it");
	is(secrets, NOPS, "twin: and the secrets");
	is(regs_diff(&out, &in, "twin"), 0, "twin: no register changed");
	code_free(c);
}
