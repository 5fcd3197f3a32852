// SPDX-License-Identifier: MIT
/*
 * LIM-4: a system call of number -1, be it the program's or a tracer's who has it dropped, is none:
 * a thread that stops in it, its pc behind the call's instruction, is preempted there, if that
 * is in a span. It goes on at the response, with all its registers. PRE-4: one that keeps its
 * number is one.
 *
 * Method: a traced child makes a call whose next instruction is a PREEMPTION span, and is stopped at
 * its entry and exit. Twins: a call that is made, and the same ones without registration.
 */
#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2

#define SYSCALL_STOP	(SIGTRAP | 0x80)

static struct tracee *t;
static struct code *c;
static u32 hold, call, start, response, through;
static long nr;

static void prepare(void)
{
	regs_set_syscall(&t->in, nr, 0, 0, 0, 0);
}

static void make(void)
{
	u32 end;

	c = t->code = code_new(1);
	t->entry = emit_inside(c);
	hold = emit_hold(c);
	call = c->at;
	emit_syscall(c);
	start = emit_hold(c);
	end = c->at;
	emit_land(c, 0xbad);
	response = emit_land(c, RESPONSE);
	through = emit_land(c, THROUGH);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start, .end = end,
					.response = response });
	code_seal(c);
}

static void syscall_stop(const char *which, bool there)
{
	tracee_go(t, PTRACE_SYSCALL, 0);
	must(tracee_wait(t) == SYSCALL_STOP);
	is(tracee_pc(t->pid), (u64)code_addr(c, there ? response : start), "%s: the pc is %s", which,
	   there ? "the response" : "behind the call");
}

/* @at_entry, @at_exit: whether it has been diverted at that stop. */
static void call_once(long number, bool drop, bool at_entry, bool at_exit)
{
	static struct regs want;
	u64 before = 0;

	nr = number;
	tracee_start(t);
	tracee_interrupt(t);
	must(tracee_pc(t->pid) == (u64)code_addr(c, hold));
	must(!ptrace(PTRACE_SETOPTIONS, t->pid, 0, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL));
	before = stats_of(t->pid).diversions[ESTP_PREEMPTION];
	code_let_go(c, 1, through);
	code_let_go(c, 0, call);
	syscall_stop("entry", at_entry);
	if (drop)
		tracee_drop_syscall(t->pid);
	syscall_stop("exit", at_exit);
	is(stats_of(t->pid).diversions[ESTP_PREEMPTION] - before, at_exit, "%d diversions counted", at_exit);
	is(tracee_end(t), at_exit ? RESPONSE : THROUGH, "it goes on there");
	if (number < 0)
		is(regs_result(&t->out), -ENOSYS, "there is no such call");
	want = t->in;
	regs_spoil_by_syscall(&want, code_addr(c, start), regs_result(&t->out));
	is(regs_diff(&t->out, &want, "after the call"), 0, "no other register changed");
}

static void each(bool registered)
{
	diag("%s: a call that is made", registered ? "registered" : "twin");
	call_once(SYS_getpid, false, false, false);
	is(regs_result(&t->out), t->pid, "it was made");
	diag("one that the tracer has dropped");
	call_once(SYS_getpid, true, false, registered);
	ok(regs_result(&t->out) != t->pid, "it was not made");
	diag("one of number -1");
	call_once(-1, false, registered, registered);
}

void test(void)
{
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->prepare = prepare;
	for (l = 0; l < ARRAY_LEN(layouts); l++) {
		make();
		must(!code_register(c, layouts[l]));
		diag("%s layout", layout_names[l]);
		each(true);
		must(!code_unregister(c));
		each(false);
		code_free(c);
	}
}
