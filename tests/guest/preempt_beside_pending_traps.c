// SPDX-License-Identifier: MIT
/*
 * DBG-2, SIG-4, PRE-1: a SIGTRAP that is pending holds up no PREEMPTION, unless it is a trap's own:
 * not one that is blocked, whatever its si_code, nor one by tgkill.
 *
 * Method: a thread waits in a span and loses its CPU once. It has blocked SIGTRAP, and sent
 * itself one with the si_code of a trap before; or it gets one while it is off its CPU, so that
 * both are due when it comes back: the handler's frame then holds the response. The twin waits
 * unregistered, and stays.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2

static const struct way {
	const char *name;
	int si_code;		/* of the blocked one */
} ways[] = {
	{ "by tgkill, when it is off its CPU", 0 },
	{ "blocked, as if by a breakpoint", TRAP_BRKPT },
	{ "blocked, as if by a watchpoint", TRAP_HWBKPT },
	{ "blocked, as if by the kernel", SI_KERNEL },
};

static const struct way *way;
static struct victim v;
static u32 response, go;
static u64 before;		/* diversions, when it started */

static void send_blocked(void)
{
	siginfo_t info = { .si_signo = SIGTRAP, .si_code = way->si_code };
	sigset_t set;

	if (!way->si_code)
		return;
	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	must(!pthread_sigmask(SIG_BLOCK, &set, NULL));
	must(!syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid_(), SIGTRAP, &info));
	must(!sigpending(&set) && sigismember(&set, SIGTRAP));
}

/* It may have been preempted by chance, and be at the response, or through: by this time it goes there once it runs again. */
static void send_by_tgkill(void *arg)
{
	bool *gone = arg;

	*gone = diverted_all() > before;
	if (*gone)
		return;
	*gone = syscall(SYS_tgkill, getpid(), v.tid, SIGTRAP);
	must(!*gone || errno == ESRCH);
}

static void start(void)
{
	int tries = 10;
	bool gone;

	for (;;) {
		before = diverted_all();
		gone = false;
		caught_reset();
		code_reset(v.code);
		victim_start(&v);
		preempt_with(v.cpu, way->si_code ? NULL : send_by_tgkill, &gone);
		if (!gone)
			return;
		must(tries-- && victim_join(&v, 2000) == RESPONSE);
	}
}

static void registered(int layout)
{
	must(!code_register(v.code, layout));
	start();
	is(victim_join(&v, 2000), RESPONSE, "%s, %s: resumes at the response", layout_names[layout], way->name);
	ok(diverted_all() > before, "the kernel counted the diversion");
	is(regs_diff(&v.out, &v.in, "after the diversion"), 0, "no register changed");
	if (way->si_code)
		is(caught->nr, 0, "no handler ran");
	else
		ok(caught->nr == 1 && caught->info.si_code == SI_TKILL &&
		   caught->pc == (u64)code_addr(v.code, response), "the handler's frame holds the response");
	must(!code_unregister(v.code));
}

static void twin(void)
{
	start();
	is(v.code->data->landed, LANDED_NOWHERE, "twin, %s: still there", way->name);
	code_let_go(v.code, 0, go);
	is(victim_join(&v, 2000), LET_GO, "twin: leaves where it is let go");
	is(regs_diff(&v.out, &v.in, "twin"), 0, "twin: no register changed");
	is(caught->nr, !way->si_code, "twin: as many handlers");
	is(diverted_all(), before, "twin: no diversion");
}

void test(void)
{
	unsigned int k;
	u32 begin, end;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	catch_signal(SIGTRAP, 0);
	v = (struct victim) { .code = code_new(1), .cpu = cpus_nr() - 1, .prepare = send_blocked };
	v.entry = emit_inside(v.code);
	begin = emit_hold(v.code);
	end = v.code->at;
	go = emit_land(v.code, LET_GO);
	response = emit_land(v.code, RESPONSE);
	code_describe(v.code, (struct seq) { .selector = ESTP_PREEMPTION, .start = begin,
					     .end = end, .response = response });
	code_seal(v.code);
	/* It comes to that CPU by preempting whoever is there; the next time it is there. */
	preempt(v.cpu);
	for (way = ways; way < ways + ARRAY_LEN(ways); way++) {
		for (k = 0; k < ARRAY_LEN(layouts); k++)
			registered(layouts[k]);
		twin();
	}
	code_free(v.code);
}
