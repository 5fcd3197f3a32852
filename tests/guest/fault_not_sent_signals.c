// SPDX-License-Identifier: MIT
/*
 * FLT-6, FLT-7: signals that somebody sends are no FAULT, whatever their number
 * and si_code; nor is a bad pointer given to a system call (EFAULT), nor SIGTRAP and
 * SIGSYS.
 *
 * Method: the pc is in a FAULT span when each signal is delivered, by a sigreturn
 * that leads there; SIGTRAP, by which the harness launches, is sent by a system call that stands
 * in the span. It must reach its handler, which sees that very pc. A fault in
 * the same span shows that it is alive.
 */
#include "harness.h"

#define THROUGH		2
#define FAULTED		3

static struct regs in, out, want;
static struct code *code;
static u32 launch_off, start, trap, call, after_call, faulting;

static void by_kill(int sig, int si_code)
{
	must(!kill(getpid(), sig));
}

static void by_sigqueue(int sig, int si_code)
{
	must(!sigqueue(getpid(), sig, (union sigval) { .sival_int = 1 }));
}

/* To itself a process may send any si_code; so it may look like a fault's. */
static void by_queueinfo(int sig, int si_code)
{
	siginfo_t info = { .si_signo = sig, .si_code = si_code, .si_addr = code_addr(code, start) };

	must(!syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid_(), sig, &info));
}

static void by_tgkill(int sig, int si_code)
{
	must(!syscall(SYS_tgkill, getpid(), gettid_(), sig));
}

static const struct way {
	const char *name;
	void (*send)(int sig, int si_code);
} ways[] = {
	{ "kill", by_kill }, { "tgkill", by_tgkill }, { "sigqueue", by_sigqueue },
	{ "rt_tgsigqueueinfo with a fault's si_code", by_queueinfo },
};

static const struct {
	int sig, si_code;
} signals[] = {
	{ SIGSEGV, SEGV_MAPERR }, { SIGBUS, BUS_ADRERR }, { SIGILL, ILL_ILLOPN },
	{ SIGFPE, FPE_INTDIV }, { SIGSYS, 1 },
};

static const struct way *launch_way;
static int launch_sig, launch_code;

/*
 * Sent from the launching handler, while it is blocked: sent before, one that
 * looks like a fault's would be taken by the kernel for synchronous, and come
 * before the launch.
 */
static void send_and_unblock(ucontext_t *uc)
{
	launch_way->send(launch_sig, launch_code);
	sigdelset(&uc->uc_sigmask, launch_sig);
}

static void sent(const struct way *way, int sig, int si_code)
{
	sigset_t set, old;
	u64 before = diverted_all();

	sigemptyset(&set);
	sigaddset(&set, sig);
	must(!sigprocmask(SIG_BLOCK, &set, &old));
	catch_signal(sig, 0);
	caught_reset();
	regs_fill(&in, sig);
	launch_way = way;
	launch_sig = sig;
	launch_code = si_code;
	launch_hook = send_and_unblock;
	is(launch(code, launch_off, (u64)code_addr(code, start), 0, &in, &out), THROUGH,
	   "signal %d by %s: the sequence goes on", sig, way->name);
	ok(caught->nr == 1 && caught->sig == sig && caught->pc == (u64)code_addr(code, start),
	   "the handler saw it, and the true pc");
	is(regs_diff(&out, &in, "after the handler"), 0, "no register changed");
	is(diverted_all(), before, "no diversion");
	launch_hook = NULL;
	must(!sigprocmask(SIG_SETMASK, &old, NULL));
	signal(sig, SIG_DFL);
}

static void bad_pointer(void)
{
	u64 before = diverted_all();
	int fd[2];

	must(!pipe(fd));
	catch_signal(SIGSEGV, 0);
	caught_reset();
	code_reset(code);
	regs_fill(&in, 77);
	regs_set_syscall(&in, SYS_write, fd[1], 64, 8, 0);
	regs_run(&in, &out, code_addr(code, call));
	is(code->data->landed, THROUGH, "a bad pointer for a system call: the sequence goes on");
	want = in;
	regs_spoil_by_syscall(&want, code_addr(code, after_call), -EFAULT);
	is(regs_diff(&out, &want, "after write()"), 0, "the call returned EFAULT");
	is(caught->nr, 0, "no handler ran");
	is(diverted_all(), before, "no diversion");
}

static void sent_trap(void)
{
	u64 before = diverted_all();

	catch_signal(SIGTRAP, 0);
	caught_reset();
	code_reset(code);
	regs_fill(&in, 80);
	regs_set_syscall(&in, SYS_tgkill, getpid(), gettid_(), SIGTRAP, 0);
	regs_run(&in, &out, code_addr(code, call));
	is(code->data->landed, THROUGH, "SIGTRAP by tgkill from inside: the sequence goes on");
	ok(caught->nr == 1 && caught->sig == SIGTRAP && caught->pc == (u64)code_addr(code, after_call),
	   "the handler saw it, and the true pc");
	want = in;
	regs_spoil_by_syscall(&want, code_addr(code, after_call), 0);
	is(regs_diff(&out, &want, "after tgkill()"), 0, "the call returned 0, no other register changed");
	is(diverted_all(), before, "no diversion");
}

static void trapped(void)
{
	u64 before = diverted_all();

	catch_signal(SIGTRAP, 0);
	caught_reset();
	code_reset(code);
	regs_fill(&in, 78);
	regs_run(&in, &out, code_addr(code, trap));
	is(code->data->landed, THROUGH, "a breakpoint trap: the sequence goes on");
	ok(caught->nr == 1 && caught->pc == (u64)code_addr(code, trap) + code_trap_pc,
	   "the handler saw it, and the true pc");
	is(diverted_all(), before, "no diversion");
}

static void alive(void)
{
	u64 before = diverted(ESTP_FAULT);

	caught_reset();
	code_reset(code);
	regs_fill(&in, 79);
	regs_run(&in, &out, code_addr(code, faulting));
	is(code->data->landed, FAULTED, "a fault in the same span diverts");
	is(diverted(ESTP_FAULT) - before, 1, "the kernel counted it");
}

void test(void)
{
	unsigned int i, k;
	u32 end, response, through, jump[3];

	need_estp_and_counters();
	code = code_new(1);
	launch_off = emit_launch(code);
	start = emit_nop(code);
	jump[0] = emit_jump(code);
	call = emit_syscall(code);
	after_call = jump[1] = emit_jump(code);
	trap = emit_trap(code);
	jump[2] = emit_jump(code);
	faulting = emit_illegal(code);
	end = code->at;
	through = emit_land(code, THROUGH);
	for (i = 0; i < ARRAY_LEN(jump); i++)
		code_aim(code, jump[i], through);
	response = emit_land(code, FAULTED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
					   .end = end, .response = response });
	code_seal(code);
	must(!code_register(code, ESTP_LAYOUT_PAGE));

	for (i = 0; i < ARRAY_LEN(signals); i++)
		for (k = 0; k < ARRAY_LEN(ways); k++)
			sent(&ways[k], signals[i].sig, signals[i].si_code);
	bad_pointer();
	sent_trap();
	trapped();
	alive();
	code_free(code);
}
