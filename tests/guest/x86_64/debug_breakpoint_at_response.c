// SPDX-License-Identifier: MIT
/*
 * EVT-6: a breakpoint register set to a response is met, though the thread was diverted out of a
 * fault's frame, in which EFLAGS.RF keeps such breakpoints away for one instruction.
 *
 * Method: emulators that set RF with a fault are newer than ours, so the tracer sets it, with a pc in
 * the span; at the next stop, where the thread is diverted, it reads the flags, and goes on: SIGTRAP at
 * the response. The twin, at the same pc by the tracer's hand, keeps RF, and runs past the
 * breakpoint.
 */
#include <stddef.h>
#include <sys/user.h>

#include "../tracee.h"

#define RESPONSE	1
#define RF		(1ul << 16)

static struct tracee *t;

static void poke(size_t offset, unsigned long value)
{
	must(!ptrace(PTRACE_POKEUSER, t->pid, offset, value));
}

static unsigned long flags(void)
{
	return ptrace(PTRACE_PEEKUSER, t->pid, offsetof(struct user, regs.eflags), 0);
}

static void goes_on(u32 hold, u32 response, bool registered)
{
	tracee_start(t);
	must(!kill(t->pid, SIGUSR1));
	must(tracee_wait(t) == SIGUSR1);
	poke(offsetof(struct user, u_debugreg[0]), (unsigned long)code_addr(t->code, response));
	poke(offsetof(struct user, u_debugreg[7]), 1);	/* enabled: one byte, executed */
	must(!ptrace(PTRACE_INTERRUPT, t->pid, 0, 0));
	tracee_set_pc(t->pid, (u64)code_addr(t->code, registered ? hold : response));
	poke(offsetof(struct user, regs.eflags), flags() | RF);
	tracee_go(t, PTRACE_CONT, 0);
	must(tracee_wait(t) == (SIGTRAP | PTRACE_EVENT_STOP << 8));
	is(tracee_pc(t->pid), (u64)code_addr(t->code, response), "%s: stopped at the response",
	   registered ? "registered" : "twin");
	is(!!(flags() & RF), !registered, "RF is %s", registered ? "cleared" : "as it was set");
	tracee_go(t, PTRACE_CONT, 0);
	if (registered) {
		is(tracee_wait(t), SIGTRAP, "the breakpoint is met");
		is(tracee_pc(t->pid), (u64)code_addr(t->code, response), "there");
		is(tracee_end(t), RESPONSE, "it goes on there");
	} else {
		is(tracee_wait(t), -1, "the breakpoint is not met");
		is(t->code->data->landed, RESPONSE, "it went on");
	}
	is(regs_diff(&t->out, &t->in, "after the stops"), 0, "no register changed");
}

void test(void)
{
	u32 hold, end, response;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->code = code_new(1);
	t->entry = emit_inside(t->code);
	emit_hold(t->code);
	hold = emit_hold(t->code);
	end = t->code->at;
	response = emit_land(t->code, RESPONSE);
	code_describe(t->code, (struct seq) { .selector = ESTP_PREEMPTION, .start = hold, .end = end,
					      .response = response });
	code_seal(t->code);
	must(!code_register(t->code, ESTP_LAYOUT_TABLE));
	goes_on(hold, response, true);
	must(!code_unregister(t->code));
	goes_on(hold, response, false);
	code_free(t->code);
}
