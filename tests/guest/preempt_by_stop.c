// SPDX-License-Identifier: MIT
/*
 * PRE-2, INT-2: a job-control stop is a PREEMPTION: a thread that SIGSTOP stops
 * in a span goes on at the response after SIGCONT. It is no INTERRUPT: both
 * signals have their default action, no frame is written.
 *
 * Method: a child waits in one instruction that is both a PREEMPTION and an
 * INTERRUPT span with another response and a full clear mask. It is stopped and
 * continued. The twin goes on where it was.
 */
#include "harness.h"

#define PREEMPTED	1
#define LET_GO		2
#define INTERRUPTED	3

struct child {
	struct code *code;
	u32 entry;
	struct regs in, out;
};

static void run(void *arg)
{
	struct child *child = arg;

	pin(1);
	regs_run(&child->in, &child->out, code_addr(child->code, child->entry));
}

static bool stop(pid_t pid)
{
	int status;

	must(!kill(pid, SIGSTOP));
	must(waitpid(pid, &status, WUNTRACED) == pid);
	return WIFSTOPPED(status);
}

/* A child that is stopped in the span: not one that something else had preempted there before. */
static pid_t stopped_inside(struct child *child)
{
	struct code *c = child->code;
	unsigned int tries = 20;
	pid_t pid;

	while (tries--) {
		code_reset(c);
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			run(child);
			_exit(0);
		}
		must(wait_until(c->data->inside, 5000));
		if (!stop(pid))
			continue;
		if (!c->data->landed)
			return pid;
		kill(pid, SIGKILL);
		must(waitpid(pid, NULL, 0) == pid);
	}
	bail("no child stays in the span until it is stopped");
}

/* Stops and continues it @times, the first one counted if @registered; its landing, or -1. */
static long stop_and_continue(struct child *child, bool registered, unsigned int times, u32 go, u64 *counts)
{
	struct code *c = child->code;
	pid_t pid = stopped_inside(child);
	unsigned int i, k;
	int status;

	for (i = 0; i < times; i++) {
		must(!i || stop(pid));
		/* Told to be stopped, it may still be on its way, and be preempted on it, too. */
		preempt(1);
		wait_until(!registered || stats_of(pid).diversions[ESTP_PREEMPTION], 5000);
		for (k = 0; k < ESTP_SELECTOR_NR; k++)
			counts[k] = stats_of(pid).diversions[k];
		must(!kill(pid, SIGCONT));
	}
	if (!wait_until(c->data->landed, 500))
		code_let_go(c, 0, go);
	must(waitpid(pid, &status, 0) == pid);
	return exited_with(status, 0) ? (long)c->data->landed : -1;
}

void test(void)
{
	struct child *child = shared(sizeof(*child));
	struct code *c = code_new(1);
	u32 start, end, go, preempted, interrupted;
	u64 counts[ESTP_SELECTOR_NR];
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	child->code = c;
	child->entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	preempted = emit_land(c, PREEMPTED);
	emit_prefix(c);
	interrupted = emit_land(c, INTERRUPTED);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = preempted });
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start,
					.end = end, .response = interrupted });
	code_seal(c);

	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(c, layouts[i]));
		regs_fill(&child->in, i + 1);
		is(stop_and_continue(child, true, 1, go, counts), PREEMPTED,
		   "%s: SIGSTOP and SIGCONT lead to the PREEMPTION response", layout_names[i]);
		is(regs_diff(&child->out, &child->in, "after the stop"), 0,
		   "no register changed");
		ok(counts[ESTP_PREEMPTION] >= 1, "counted while it was stopped");
		is(counts[ESTP_INTERRUPT], 0, "no INTERRUPT");
		must(!code_unregister(c));

		regs_fill(&child->in, i + 3);
		is(stop_and_continue(child, false, 5, go, counts), LET_GO,
		   "twin: stays through five stops");
		is(regs_diff(&child->out, &child->in, "twin"), 0, "twin: no register changed");
	}
	code_free(c);
}
