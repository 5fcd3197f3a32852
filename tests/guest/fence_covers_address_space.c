// SPDX-License-Identifier: MIT
/*
 * FEN-5, LIFE-1, PRE-1: a task that shares the address space without being a thread
 * of the process (CLONE_VM without CLONE_THREAD) is covered: by the fence, by
 * PREEMPTION, and by registrations made after it was created.
 *
 * Method: such a task waits in a span, first registered before it was made, then
 * after. A fence, or a preemption, diverts it; the counters are the shared ones. The
 * twin is unregistered.
 */
#include "harness.h"

#define RESPONSE	1
#define COMMITTED	2

static struct code *c;
static u32 entry, arrive, commit;
static struct regs in, out;
static char stack[262144] __attribute__((aligned(16)));

static int task(void *arg)
{
	pin(1);
	set_fifo(0, 1);
	regs_run(&in, &out, code_addr(c, entry));
	return 0;
}

enum event { FENCE, PREEMPT, NONE };

static void round_of(const char *name, bool late, enum event event)
{
	bool diverts = event != NONE;
	int status;
	u64 before;
	pid_t pid;

	code_reset(c);
	regs_fill(&in, event + 1);
	before = diverted(ESTP_PREEMPTION);
	if (diverts && !late)
		must(!code_register(c, ESTP_LAYOUT_PAGE));

	pid = clone(task, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	must(pid > 0);
	must(wait_until(c->data->inside, 5000));
	if (diverts && late)
		must(!code_register(c, ESTP_LAYOUT_PAGE));
	code_let_go(c, 0, arrive);
	must(wait_until(c->data->mark[1], 5000));
	sleep_us(10000);		/* past the mark */
	if (event == FENCE)
		must(!madv_fence());
	else if (event == PREEMPT)
		preempt(1);
	code_let_go(c, 1, commit);
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0), "%s: the task comes back (%s)", name, ending(status));
	is(c->data->landed, diverts ? RESPONSE : COMMITTED, "%s", diverts ?
	   "it was diverted" : "it commits");
	is(regs_diff(&out, &in, name), 0, "no register changed");
	ok(!diverts || diverted(ESTP_PREEMPTION) > before, "the counters are ours");
	if (diverts)
		must(!code_unregister(c));
}

void test(void)
{
	u32 start, end, response;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	c = code_new(1);
	entry = emit_inside(c);
	emit_hold(c);
	arrive = emit_mark(c, &c->data->mark[1], 1);
	start = emit_hold(c);
	commit = emit_mark(c, &c->data->mark[0], 1);
	end = emit_land(c, COMMITTED);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	round_of("fence, registered before", false, FENCE);
	round_of("fence, registered after", true, FENCE);
	round_of("preemption, registered before", false, PREEMPT);
	round_of("preemption, registered after", true, PREEMPT);
	round_of("twin", false, NONE);
	code_free(c);
}
