// SPDX-License-Identifier: MIT
/*
 * PRE-1, PRE-2, PRE-5, EVT-2, EVT-6: leaving the CPU at any instruction of a
 * PREEMPTION span leads to the response, at the first byte after it does not; also
 * for a thread that rt_sigreturn has just brought there: it is inside no system call
 * any more.
 *
 * Method: a child leaves a handler by a sigreturn that leads to the instruction and
 * unblocks a pending SIGTSTP: it stops there, before executing it. It is continued, and
 * must come out at the response. The twin comes out of the sequence's end.
 */
#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define NOPS		5

static struct code *c;
static u32 launch_off, target;
static struct results {
	struct regs in, out;
	u32 landed;
} *results;

static void child(void *arg)
{
	regs_fill(&results->in, target);
	results->landed = launch(c, launch_off, (u64)code_addr(c, target), SIGTSTP,
				 &results->in, &results->out);
}

/* Whether it stopped there, landed as told, and was diverted as often as told. */
static bool visit(u32 off, u32 landing, u64 diversions, bool counters)
{
	bool stopped, right;
	int status;
	u64 seen;
	pid_t pid;

	target = off;
	memset(results, 0, sizeof(*results));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(cpus_nr() - 1);
		set_fifo(0, 1);
		child(NULL);
		_exit(0);
	}
	must(waitpid(pid, &status, WUNTRACED) == pid);
	stopped = WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP;
	if (!stopped)
		return false;
	preempt(cpus_nr() - 1);		/* told to be stopped, it may still be on its way */
	seen = counters ? stats_of(pid).diversions[ESTP_PREEMPTION] : 0;
	must(!kill(pid, SIGCONT));
	must(waitpid(pid, &status, 0) == pid);
	right = exited_with(status, 0) && results->landed == landing && seen == diversions;
	if (!right)
		diag("+%u: %s, landed %u, diversions %llu", off, ending(status),
		     results->landed, (unsigned long long)seen);
	return right && !regs_diff(&results->out, &results->in, "after the stop");
}

void test(void)
{
	u32 start, end, response, off;
	unsigned int i, right;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	results = shared(sizeof(*results));
	c = code_new(1);
	launch_off = emit_launch(c);
	start = c->at;
	for (i = 0; i < NOPS; i++)
		emit_nop(c);
	end = emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(c, layouts[i]));
		for (right = 0, off = start; off < end; off += code_nop_len)
			right += visit(off, RESPONSE, 1, true);
		is(right, NOPS, "%s: stopped at each instruction, it goes on at the response",
		   layout_names[i]);
		ok(visit(end, THROUGH, 0, true), "stopped at the first byte after, it goes on there");
		must(!code_unregister(c));
	}
	for (right = 0, off = start; off <= end; off += code_nop_len)
		right += visit(off, THROUGH, 0, false);
	is(right, NOPS + 1, "twin: stopped anywhere, it goes on there");
	code_free(c);
}
