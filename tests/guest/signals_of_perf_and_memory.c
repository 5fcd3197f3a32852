// SPDX-License-Identifier: MIT
/*
 * SIG-4, INT-8, INT-9: a SIGTRAP by perf is a signal like any other, PREEMPTION too, and tells no instruction but the
 * response where INTERRUPT diverts; a notice that some memory was found broken (BUS_MCEERR_AO) keeps its address.
 *
 * Method: a thread waits in a one-instruction span. A clock of perf, or the kernel, told that a page of the process is
 * broken, sends it the signal. Which one it was the si_code tells. The twin waits unregistered. A true preemption that
 * comes before the signal diverts as well: then once more. Under PREEMPT_RT one does each time, since what perf sends
 * by is a thread there.
 */
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define TRIES		100

#ifndef TRAP_PERF
#define TRAP_PERF	6
#endif
#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

static struct victim v;
static u32 end, response, go;

struct way {
	const char *name;
	int sig, si_code;
	u64 (*send)(void);		/* returns the address that the siginfo has to tell */
};

/* One overflow of its own time, in user space. */
static u64 send_by_perf(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE, .config = PERF_COUNT_SW_TASK_CLOCK, .size = sizeof(attr),
		.sample_period = 100000, .disabled = 1, .exclude_kernel = 1, .exclude_hv = 1,
		.sigtrap = 1, .remove_on_exec = 1,
	};
	int fd = syscall(SYS_perf_event_open, &attr, v.tid, -1, -1, PERF_FLAG_FD_CLOEXEC);

	if (fd < 0 && errno == ESRCH)
		return 0;
	must(fd >= 0);
	must(!ioctl(fd, PERF_EVENT_IOC_REFRESH, 1));
	must(wait_until(caught->nr || v.done, 5000));
	must(!close(fd));
	return 0;
}

/* Another process, which has it mapped as well, says so: since 6.11 that one ends by it. */
static u64 send_memory_error(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	u8 *broken = shared(page);
	int status;
	pid_t pid;

	*broken = 1;
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		signal(SIGBUS, SIG_DFL);
		*broken = 2;
		_exit(madvise(broken, page, MADV_HWPOISON) ? errno : 0);
	}
	must(waitpid(pid, &status, 0) == pid);
	must(killed_by(status, SIGBUS) || exited_with(status, 0));
	must(wait_until(caught->nr, 5000));
	return (u64)broken;
}

static void wants_to_know(void)
{
	must(!prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0));
}

static bool realtime(void)
{
	struct utsname kernel;

	return !uname(&kernel) && strstr(kernel.version, "PREEMPT_RT");
}

static struct code *make(int selector)
{
	struct code *c = code_new(1);

	v.entry = emit_inside(c);
	emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = selector, .start = v.entry, .end = end, .response = response });
	code_seal(c);
	return c;
}

static u64 signal_it(const struct way *way)
{
	catch_signal(way->sig, 0);
	caught_reset();
	v.prepare = way->sig == SIGBUS ? wants_to_know : NULL;
	victim_start(&v);
	return way->send();
}

/* It left the span without the signal, which then found it elsewhere, or nobody. */
static bool preempted_before(struct code *c, u32 landed)
{
	u64 pc = caught->pc;

	if (landed != RESPONSE || pc == (u64)code_addr(c, response))
		return false;
	return !caught->nr || pc < (u64)code_addr(c, v.entry) || pc >= (u64)code_addr(c, end);
}

static void registered(const struct way *way, int selector)
{
	const char *name = selector == ESTP_INTERRUPT ? "INTERRUPT" : "PREEMPTION";
	struct code *c = v.code = make(selector);
	unsigned int tries = selector == ESTP_PREEMPTION ? TRIES : 1;
	u64 before, nr, told;
	u32 landed;

	must(!code_register(c, ESTP_LAYOUT_TABLE));
	do {
		before = diverted(selector);
		told = signal_it(way);
		landed = victim_join(&v, 2000);
		nr = diverted(selector) - before;
	} while (--tries && preempted_before(c, landed));
	if (selector == ESTP_PREEMPTION && preempted_before(c, landed)) {
		must(realtime());
		skip("%s, %s: something has its CPU each time before", way->name, name);
		code_free(c);
		return;
	}
	/* What an instruction of its own did is said to be the response's. */
	if (selector == ESTP_INTERRUPT && way->sig == SIGTRAP)
		told = (u64)code_addr(c, response);
	is(landed, RESPONSE, "%s, %s: goes on at the response", way->name, name);
	is(caught->sig, way->sig, "by its signal");
	is(caught->info.si_code, way->si_code, "with its si_code");
	is(caught->pc, (u64)code_addr(c, response), "the frame holds the response");
	is((u64)caught->info.si_addr, told, "and si_addr what it should");
	is(regs_diff(&caught->frame, &v.in, "frame"), 0, "no register changed in the frame");
	is(regs_diff(&v.out, &v.in, "thread"), 0, "nor of the thread");
	if (selector == ESTP_INTERRUPT)
		is(caught->fault_words, 0, "nor does the frame tell of an earlier fault");
	is(nr, 1, "the kernel counted one diversion");
	code_free(c);
}

static void twin(const struct way *way)
{
	struct code *c = v.code = make(ESTP_INTERRUPT);
	u64 told = signal_it(way);

	is(c->data->landed, LANDED_NOWHERE, "twin, %s: goes on where it was", way->name);
	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "twin: leaves where it is let go");
	is(caught->info.si_code, way->si_code, "twin: it was that signal");
	ok(caught->pc != (u64)code_addr(c, response), "twin: the frame holds another pc");
	is((u64)caught->info.si_addr, told, "twin: si_addr is true");
	is(regs_diff(&v.out, &v.in, "twin"), 0, "twin: no register changed");
	code_free(c);
}

void test(void)
{
	static const struct way perf = { "SIGTRAP by perf", SIGTRAP, TRAP_PERF, send_by_perf };
	static const struct way memory = { "memory found broken", SIGBUS, BUS_MCEERR_AO, send_memory_error };

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v.cpu = cpus_nr() - 1;
	/* Above the kernel's workers; but on RT not above what perf sends by, nor above who takes a page away. */
	v.fifo = !realtime();
	registered(&perf, ESTP_INTERRUPT);
	registered(&perf, ESTP_PREEMPTION);
	twin(&perf);
	if (madv_query(ESTP_FEATURE_MCEERR)) {
		skip("the kernel does not handle memory failures");
		return;
	}
	v.fifo = false;
	registered(&memory, ESTP_INTERRUPT);
	twin(&memory);
}
