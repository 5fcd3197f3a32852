// SPDX-License-Identifier: MIT
/*
 * PRE-4, EVT-2: a thread that leaves its CPU inside a system call is not
 * diverted, also when the instruction after the call, where its pc points, is the
 * first of a PREEMPTION span.
 *
 * Method: the thread sleeps in read() on an empty pipe; the span is the one
 * instruction after the call. When it has slept, a byte is written: it
 * executes the span and leaves behind it. The same span, when the thread waits
 * in it instead of in the call, is diverted: the twin that proves it alive.
 */
#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define ROUNDS		100
/*
 * An interrupt that waited for the kernel to return may hit that one
 * instruction, with every right. It is rare: a kernel that diverts out of
 * system calls would do it in each round.
 */
#define BY_CHANCE	5

void test(void)
{
	static struct victim v;
	unsigned int through = 0, response = 0, intact = 0, i;
	struct code *c = code_new(1);
	static struct regs want;
	u32 start, end, respond, hold_entry;
	static char byte;
	int pipe_fd[2];
	u64 before;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	must(!pipe(pipe_fd));
	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1 };
	v.entry = emit_inside(c);
	emit_syscall(c);
	start = emit_hold(c);		/* opened beforehand, it is a plain jump */
	end = c->at;
	emit_land(c, 0xbad);
	respond = emit_land(c, RESPONSE);
	hold_entry = emit_land(c, THROUGH);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = respond });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));

	for (i = 0; i < ROUNDS; i++) {
		u32 landed;

		regs_fill(&v.in, i);
		regs_set_syscall(&v.in, SYS_read, pipe_fd[0], (u64)&byte, 1, 0);
		code_reset(c);
		code_let_go(c, 0, hold_entry);
		victim_start_with(&v);
		must(wait_asleep(v.tid, 2000));
		must(write(pipe_fd[1], "x", 1) == 1);
		landed = victim_join(&v, 2000);
		through += landed == THROUGH;
		response += landed == RESPONSE;
		want = v.in;
		regs_spoil_by_syscall(&want, code_addr(c, start), 1);
		intact += !regs_diff(&v.out, &want, "after read()");
	}
	is(through + response, ROUNDS, "each read() returned");
	ok(response <= BY_CHANCE, "%u of %d went through the span, %u diverted by chance",
	   through, ROUNDS, response);
	is(intact, ROUNDS, "the registers are those of a completed call");

	before = diverted(ESTP_PREEMPTION);
	regs_set_syscall(&v.in, SYS_gettid, 0, 0, 0, 0);
	code_reset(c);
	victim_start_with(&v);
	wait_until(v.done || (preempt(v.cpu), false), 2000);
	is(victim_join(&v, 100), RESPONSE, "twin: waiting in the span after the call, it is diverted");
	ok(diverted(ESTP_PREEMPTION) > before, "twin: the kernel counted it");
	code_free(c);
}
