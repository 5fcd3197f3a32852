// SPDX-License-Identifier: MIT
/*
 * REG-18, INT-1, LIM-37: a thread that is stopped, by SIGSTOP or by a tracer, while the first
 * registration of its address space is made is covered when it has left the stop for user space. A
 * signal that it takes on its way there finds nothing registered, which is the limit; the next one diverts.
 *
 * Method: in a process of its own for each case a thread waits in a span and is stopped; then
 * the page is registered for the first time: by another thread where a tracer has stopped that one,
 * by a process that shares the memory where all of them are stopped. When that has returned the
 * thread is let go, with a signal that has come meanwhile or without, and gets one when it runs. The twin does
 * all of that but register.
 */
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>

#include "machine.h"

#define RESPONSE	1
#define LET_GO		2
#define MASK		ESTP_CLEAR_FP

enum stopped { BY_TRACER, BY_SIGNAL, WAYS };
static const char *const way_names[WAYS] = { "stopped by a tracer", "stopped by SIGSTOP" };

/* What the process of a case shares with this one. */
static struct job {
	struct victim v;
	int layout;
	volatile bool registers;
	volatile bool ready, stopped, returned, woken;
	volatile int err;
	u32 landed;
	u64 interrupts;
} *job;

static int registrar(void *unused)
{
	job->ready = true;
	while (!job->stopped)
		sched_yield();
	job->err = job->registers ? code_register(job->v.code, job->layout) : 0;
	job->returned = true;
	while (!job->woken)
		sched_yield();
	return 0;
}

static void process(enum stopped way, u32 go)
{
	static u8 stack[65536] __attribute__((aligned(64)));

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	catch_signal(SIGUSR1, 0);
	victim_start(&job->v);
	if (way == BY_TRACER)
		registrar(NULL);
	else
		must(clone(registrar, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL) > 0);
	must(wait_until(job->woken, 10000));
	if (!wait_until(job->v.code->data->landed, 500))
		code_let_go(job->v.code, 0, go);
	job->landed = victim_join(&job->v, 3000);
	job->interrupts = diverted(ESTP_INTERRUPT);
}

static void stop_and_register(enum stopped way, pid_t pid, bool meanwhile)
{
	unsigned long ticks;
	int status;

	must(wait_until(job->ready, 5000));
	if (way == BY_TRACER) {
		must(!ptrace(PTRACE_SEIZE, job->v.tid, NULL, NULL));
		must(!ptrace(PTRACE_INTERRUPT, job->v.tid, NULL, NULL));
		must(waitpid(job->v.tid, &status, __WALL) == job->v.tid && WIFSTOPPED(status));
	} else {
		must(!kill(pid, SIGSTOP));
		must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
		must(wait_until(state_of(job->v.tid) == 'T', 5000));
	}
	job->stopped = true;
	must(wait_until(job->returned, 5000));
	ticks = stat_number(job->v.tid, STAT_USER_TICKS);
	if (meanwhile)
		must(!syscall(SYS_tgkill, pid, job->v.tid, SIGUSR1));
	if (way == BY_TRACER)
		must(!ptrace(PTRACE_DETACH, job->v.tid, NULL, NULL));
	else
		must(!kill(pid, SIGCONT));
	if (!meanwhile) {
		must(wait_until(stat_number(job->v.tid, STAT_USER_TICKS) > ticks + 1, 5000));
		must(!syscall(SYS_tgkill, pid, job->v.tid, SIGUSR1));
	}
	job->woken = true;
}

static void one(enum stopped way, int layout, bool registers, bool meanwhile)
{
	bool diverts = registers && !meanwhile;
	struct code *c = code_new(1);
	struct regs want;
	u32 at, go, response;
	int status;
	pid_t pid;

	job->v = (struct victim) { .code = c, .cpu = cpus_nr() - 1, .entry = emit_inside(c) };
	at = emit_hold(c);
	go = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = job->v.entry, .end = go,
					.response = response, .mask = MASK });
	code_seal(c);
	job->layout = layout;
	job->registers = registers;
	job->ready = job->stopped = job->returned = job->woken = false;
	job->interrupts = 0;
	caught_reset();
	code_reset(c);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		process(way, go);
		_exit(0);
	}
	stop_and_register(way, pid, meanwhile);
	must(waitpid(pid, &status, 0) == pid);
	want = job->v.in;
	if (diverts)
		regs_clear(&want, MASK, false);
	ok(exited_with(status, 0) && !job->err && caught->nr == 1, "%s, %s, a signal %s: one handler ran (%s)",
	   way_names[way], registers ? layout_names[layout] : "twin", meanwhile ? "meanwhile" : "afterwards",
	   ending(status));
	is(caught->pc, (u64)code_addr(c, diverts ? response : at), "its frame holds %s",
	   diverts ? "the response" : "that pc");
	is(regs_diff_live(&caught->live, &want, "live"), 0, "its registers are %s", diverts ? "cleared" : "the thread's");
	is(job->landed, diverts ? RESPONSE : LET_GO, "and there it goes on");
	is(job->interrupts, diverts, "counted");
	code_free(c);
}

void test(void)
{
	unsigned int way, i;

	need_estp();
	need_cpus(2);
	pin(0);
	job = shared(sizeof(*job));
	for (way = 0; way < WAYS; way++) {
		for (i = 0; i < ARRAY_LEN(layouts); i++) {
			one(way, layouts[i], true, false);
			one(way, layouts[i], true, true);
		}
		one(way, ESTP_LAYOUT_PAGE, false, false);
	}
}
