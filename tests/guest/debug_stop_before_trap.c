// SPDX-License-Identifier: MIT
/*
 * DBG-2, DBG-3, SIG-4: a stop that comes while a trap's SIGTRAP is still pending is no reason for a
 * PREEMPTION either: the pc that the trap has seen stays. Where somebody sent that SIGTRAP the response
 * shows at the stop for it, at the latest.
 *
 * Method: a traced thread sends itself a SIGTRAP with the si_code of a breakpoint, or by tgkill, or none.
 * At the entry of that system call the tracer orders the next stop, which comes first; there
 * it takes the pc into a span, and orders another one. What it reads at the stops tells. The twin shows the
 * true pc everywhere.
 */
#include "tracee.h"

#define RESPONSE	1
#define LET_GO		2

enum how { NOTHING, TRAPPED, STEPPED, SENT };
static const char *const how_names[] = { "no SIGTRAP", "a trap's SIGTRAP", "a trap's SIGTRAP, single-stepped to",
					 "SIGTRAP by tgkill" };

static struct tracee *t;
static enum how how;
static u32 call, after_call, hold, response, go;
static siginfo_t like_a_trap = { .si_signo = SIGTRAP, .si_code = TRAP_BRKPT };

static void prepare(void)
{
	if (how == NOTHING)
		regs_set_syscall(&t->in, SYS_getppid, 0, 0, 0, 0);
	else if (how != SENT)
		regs_set_syscall(&t->in, SYS_rt_tgsigqueueinfo, getpid(), getpid(), SIGTRAP, (u64)&like_a_trap);
	else
		regs_set_syscall(&t->in, SYS_tgkill, getpid(), getpid(), SIGTRAP, 0);
}

static bool reads(u32 place)
{
	return tracee_pc(t->pid) == (u64)code_addr(t->code, place);
}

/* The next stop is ordered while it is in this one, and comes before any signal. */
static void next_stop(void)
{
	must(!ptrace(PTRACE_INTERRUPT, t->pid, 0, 0));
	tracee_go(t, PTRACE_CONT, 0);
	must(tracee_wait(t) == (SIGTRAP | PTRACE_EVENT_STOP << 8));
}

static void stopped(const char *name, bool registered)
{
	bool at_once = registered && how == NOTHING, later = registered && how == SENT;
	struct regs want;
	siginfo_t info;

	tracee_start(t);
	tracee_interrupt(t);
	must(!ptrace(PTRACE_SETOPTIONS, t->pid, 0, PTRACE_O_EXITKILL | PTRACE_O_TRACESYSGOOD));
	code_let_go(t->code, 0, call);
	tracee_go(t, PTRACE_SYSCALL, 0);
	must(tracee_wait(t) == (SIGTRAP | 0x80));
	next_stop();
	ok(reads(after_call), "%s, %s: stopped after the call", name, how_names[how]);
	tracee_drop_syscall(t->pid);
	tracee_set_pc(t->pid, (u64)code_addr(t->code, hold));
	next_stop();
	ok(reads(at_once ? response : hold), "the next stop shows the %s", at_once ? "response" : "true pc");
	if (how != NOTHING) {
		tracee_go(t, how == STEPPED ? PTRACE_SINGLESTEP : PTRACE_CONT, 0);
		must(tracee_wait(t) == SIGTRAP);
		must(!ptrace(PTRACE_GETSIGINFO, t->pid, 0, &info));
		is(info.si_code, how == SENT ? SI_TKILL : TRAP_BRKPT, "then comes that SIGTRAP");
		ok(reads(later ? response : hold), "which shows the %s", later ? "response" : "true pc");
	}
	if (registered)
		is(stats_of(t->pid).diversions[ESTP_PREEMPTION], at_once || later, "%d diversion", at_once || later);
	if (!at_once && !later)
		code_let_go(t->code, 1, go);
	is(tracee_end(t), at_once || later ? RESPONSE : LET_GO, "it goes on there");
	want = t->in;
	regs_spoil_by_syscall(&want, code_addr(t->code, after_call), how == NOTHING ? getpid() : 0);
	is(regs_diff(&t->out, &want, "after the stops"), 0, "no register changed but by the call");
}

void test(void)
{
	unsigned int l;
	u32 end;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->prepare = prepare;
	t->code = code_new(1);
	t->entry = emit_inside(t->code);
	emit_hold(t->code);
	call = emit_syscall(t->code);
	after_call = emit_land(t->code, 0xbad);
	hold = emit_hold(t->code);
	end = t->code->at;
	go = emit_land(t->code, LET_GO);
	response = emit_land(t->code, RESPONSE);
	code_describe(t->code, (struct seq) { .selector = ESTP_PREEMPTION, .start = hold, .end = end,
					      .response = response });
	code_seal(t->code);
	for (how = NOTHING; how <= SENT; how++) {
		for (l = 0; l < ARRAY_LEN(layouts); l++) {
			must(!code_register(t->code, layouts[l]));
			stopped(layout_names[l], true);
			must(!code_unregister(t->code));
		}
		stopped("twin", false);
	}
	code_free(t->code);
}
