// SPDX-License-Identifier: MIT
/*
 * DBG-1: a step that takes a signal ends at the handler's first instruction, also where the handler begins
 * in a PREEMPTION span: neither that stop nor the next step's diverts.
 *
 * Method: a traced child waits outside of any span and is sent a signal, whose handler is code in a span; the tracer
 * takes it with a step, makes another, and goes. Then a preemption leads to the response, so
 * that it is a span; in the twin, where nothing is registered, it does not.
 */
#include "tracee.h"

#define RESPONSE	1

static struct tracee *t;
static u32 handler;

static void prepare(void)
{
	struct sigaction sa = { .sa_handler = code_addr(t->code, handler) };

	must(!sigaction(SIGUSR1, &sa, NULL));
}

static void step(int layout, bool registered)
{
	struct code *c = t->code = code_new(1);
	const char *name = registered ? layout_names[layout] : "twin";
	u32 next, end, response;
	int status;

	t->entry = emit_inside(c);
	emit_hold(c);
	handler = emit_nop(c);
	next = emit_hold(c);
	end = c->at;
	response = emit_mark(c, &c->data->mark[0], RESPONSE);
	emit_hold(c);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = handler, .end = end,
					.response = response });
	code_seal(c);
	if (registered)
		must(!code_register(c, layout));
	tracee_start(t);
	must(!kill(t->pid, SIGUSR1));
	must(tracee_wait(t) == SIGUSR1);
	tracee_go(t, PTRACE_SINGLESTEP, SIGUSR1);
	is(tracee_wait(t), SIGTRAP, "%s: the step ends", name);
	is(tracee_pc(t->pid), (u64)code_addr(c, handler), "at the handler's first instruction");
	tracee_go(t, PTRACE_SINGLESTEP, 0);
	is(tracee_wait(t), SIGTRAP, "the next one, too");
	is(tracee_pc(t->pid), (u64)code_addr(c, next), "at its second");
	must(!ptrace(PTRACE_DETACH, t->pid, 0, 0));
	preempt(cpus_nr() - 1);
	wait_until(c->data->mark[0], registered ? 5000 : 200);
	is(c->data->mark[0], registered ? RESPONSE : 0, "preempted there it %s", registered ? "diverts" : "stays");
	must(!kill(t->pid, SIGKILL));
	must(waitpid(t->pid, &status, __WALL) == t->pid);
	code_free(c);
}

void test(void)
{
	unsigned int i;

	need_estp();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->prepare = prepare;
	for (i = 0; i < ARRAY_LEN(layouts); i++)
		step(layouts[i], true);
	step(0, false);
}
