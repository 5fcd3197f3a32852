// SPDX-License-Identifier: MIT
/*
 * INT-6, INT-7, SIG-6: a signal that comes when the kernel has already taken the pc back to restart a
 * system call, no handler having been there for what woke it, finds the thread at that instruction,
 * in the span, and the pc behind it in rcx: rcx becomes the response's address, in the frame and for
 * the thread.
 *
 * Method: between that and the next signal are some instructions of the kernel's, so a
 * tracer makes that state: stopped for the signal, asleep in read() until then, the thread gets the
 * registers that the kernel would have given it. The handler's frame tells. In the twin it has what
 * the tracer wrote, and the call is made once more.
 */
#include <stddef.h>
#include <sys/user.h>

#include "../tracee.h"

#define RESPONSE	1
#define AFTER		2
#define ERESTARTSYS	512

static struct tracee *t;
static u32 call, end, response;
static int pipe_fd[2];
static char byte;

static void prepare(void)
{
	catch_signal(SIGUSR1, 0);
	regs_set_syscall(&t->in, SYS_read, pipe_fd[0], (u64)&byte, 1, 0);
}

static void prepare_restarting(void)
{
	prepare();
	catch_signal(SIGUSR1, SA_RESTART);
}

static struct code *make(int selector, u32 mask)
{
	struct code *c = code_new(1);
	u32 start;

	t->entry = emit_inside(c);
	start = emit_nop(c);
	call = emit_syscall(c);
	end = emit_land(c, AFTER);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = selector, .start = start, .end = end,
					.response = response, .mask = mask });
	code_seal(c);
	return c;
}

static void restarted(int selector, int layout, u32 mask, bool registered)
{
	static const char *const names[] = { "PREEMPTION", "INTERRUPT" };
	struct user_regs_struct r;
	struct regs want;

	t->code = make(selector, mask);
	if (registered)
		must(!code_register(t->code, layout));
	caught_reset();
	tracee_start(t);
	must(wait_asleep(t->pid, 5000));
	must(!syscall(SYS_tgkill, t->pid, t->pid, SIGUSR1));
	must(tracee_wait(t) == SIGUSR1);
	must(!ptrace(PTRACE_GETREGS, t->pid, 0, &r));
	ok(r.rip == (u64)code_addr(t->code, end) && r.rcx == r.rip && (long)r.rax == -ERESTARTSYS &&
	   r.orig_rax == SYS_read, "%s, %s, mask %#x: the call is to be restarted", names[selector],
	   registered ? layout_names[layout] : "twin", mask);
	r.rip = (u64)code_addr(t->code, call);
	r.rax = SYS_read;
	must(!ptrace(PTRACE_SETREGS, t->pid, 0, &r));
	tracee_go(t, PTRACE_CONT, SIGUSR1);
	must(wait_until(caught->nr, 5000));

	is(caught->pc, (u64)code_addr(t->code, registered ? response : call), "the frame holds the %s",
	   registered ? "response" : "call");
	want = t->in;
	regs_spoil_by_syscall(&want, code_addr(t->code, registered ? response : end), SYS_read);
	if (registered)
		regs_clear(&want, mask, false);
	is(regs_diff(&caught->frame, &want, "frame"), 0, "its registers are right, rcx %s",
	   registered ? "the response's address" : "the pc behind the call");
	if (registered) {
		is(regs_diff_live(&caught->live, &want, "live"), 0, "the live ones, too");
	} else {
		must(write(pipe_fd[1], "x", 1) == 1);
	}
	must(tracee_wait(t) == -1);
	is(t->code->data->landed, registered ? RESPONSE : AFTER, "it goes on %s",
	   registered ? "at the response" : "with the call");
	if (registered)
		is(regs_diff(&t->out, &want, "thread"), 0, "with the frame's registers");
	code_free(t->code);
}

/* INTERRUPT's response lies in a PREEMPTION span: the call's rcx goes on to where that leads (SIG-6). */
static void onwards(int flags)
{
	struct code *c = t->code = code_new(1);
	u32 start, first, then;
	struct regs want;

	t->entry = emit_inside(c);
	start = emit_nop(c);
	call = emit_syscall(c);
	/* In the span where the call is not made again. */
	emit_nop(c);
	end = emit_land(c, AFTER);
	emit_prefix(c);
	first = emit_nop(c);
	then = emit_land(c, AFTER);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end, .response = first });
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = first, .end = then,
					.response = response });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	caught_reset();
	t->prepare = flags ? prepare_restarting : prepare;
	tracee_start(t);
	must(wait_asleep(t->pid, 5000));
	must(!syscall(SYS_tgkill, t->pid, t->pid, SIGUSR1));
	must(tracee_wait(t) == SIGUSR1);
	tracee_go(t, PTRACE_CONT, SIGUSR1);
	must(tracee_wait(t) == -1);
	is(caught->pc, (u64)code_addr(c, response), "%s, twice: the frame holds the second response",
	   flags ? "SA_RESTART" : "no restart");
	want = t->in;
	regs_spoil_by_syscall(&want, code_addr(c, response), flags ? SYS_read : -EINTR);
	is(regs_diff(&caught->frame, &want, "frame"), 0, "and rcx that, too");
	is(c->data->landed, RESPONSE, "it goes on there");
	is(regs_diff(&t->out, &want, "thread"), 0, "with the frame's registers");
	code_free(c);
	t->prepare = prepare;
}

void test(void)
{
	/* All but rcx. */
	const u32 masks[] = { 0, REGS_CLEAR_VALID & ~ESTP_X86_64_RCX };
	int selector;
	unsigned int k;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	must(!pipe(pipe_fd));
	t = shared(sizeof(*t));
	t->prepare = prepare;
	for (selector = ESTP_PREEMPTION; selector <= ESTP_INTERRUPT; selector++) {
		for (k = 0; k < ARRAY_LEN(layouts); k++)
			restarted(selector, layouts[k], selector == ESTP_INTERRUPT ? masks[k] : 0, true);
		restarted(selector, 0, 0, false);
	}
	onwards(SA_RESTART);
	onwards(0);
}
