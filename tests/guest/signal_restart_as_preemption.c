// SPDX-License-Identifier: MIT
/*
 * SIG-6, INT-5, INT-6: where a signal with SA_RESTART finds a sleeping system call in a
 * PREEMPTION span, the frame would hold the call's own address, and so holds the
 * response; the restart is not applied a second time.
 *
 * (A system call has no place in a PREEMPTION span; the kernel must be right all the
 * same, since the span may end in front of it.)
 *
 * Method: a thread sleeps in read() in the span; a signal comes. The twin's
 * frame holds the call, and the call is restarted. A signal-sent SIGTRAP does the same.
 */
#include "harness.h"

#define RESPONSE	1
#define THROUGH		2

static int pipe_fd[2];

static void run(int sig, bool registered)
{
	static struct victim v;
	static struct regs want;
	struct code *c = code_new(1);
	u32 call, end, response;
	static char byte;
	u64 before;

	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1 };
	v.entry = emit_inside(c);
	call = emit_syscall(c);
	end = emit_land(c, THROUGH);
	emit_nop(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = call,
					.end = end, .response = response });
	code_seal(c);
	if (registered)
		must(!code_register(c, ESTP_LAYOUT_PAGE));
	before = diverted(ESTP_PREEMPTION);
	catch_signal(sig, SA_RESTART);
	caught_reset();
	regs_fill(&v.in, sig);
	regs_set_syscall(&v.in, SYS_read, pipe_fd[0], (u64)&byte, 1, 0);
	code_reset(c);
	victim_start_with(&v);
	must(wait_asleep(v.tid, 2000));
	must(!syscall(SYS_tgkill, getpid(), v.tid, sig));
	must(wait_until(caught->nr, 2000));
	if (!registered) {
		must(wait_asleep(v.tid, 2000));
		must(write(pipe_fd[1], "x", 1) == 1);
	}
	is(victim_join(&v, 2000), registered ? RESPONSE : THROUGH, "%ssignal %d: goes on %s",
	   registered ? "" : "twin, ", sig, registered ? "at the response" : "after the call");
	is(caught->pc, (u64)code_addr(c, registered ? response : call), "the frame holds the %s",
	   registered ? "response" : "call");
	want = v.in;
	regs_spoil_by_syscall(&want, code_addr(c, registered ? response : end),
			      regs_syscall_nr(&v.in));
	is(regs_diff(&caught->frame, &want, "frame"), 0, "and the registers of a call not made");
	if (registered)
		is(regs_diff(&v.out, &want, "thread"), 0, "which the thread goes on with");
	is(diverted(ESTP_PREEMPTION) - before, registered, "%d diversion", registered);
	code_free(c);
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	must(!pipe(pipe_fd));
	run(SIGUSR1, true);
	run(SIGTRAP, true);
	run(SIGUSR1, false);
}
