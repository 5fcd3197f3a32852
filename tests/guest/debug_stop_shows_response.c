// SPDX-License-Identifier: MIT
/*
 * DBG-3, PRE-2: at a stop in a PREEMPTION span the tracer reads the response as
 * pc already: interrupted by it, at the delivery of a signal, in a group stop, of a tracee that was
 * seized or attached. The
 * thread then goes on there, with all its registers. An INTERRUPT span shows the
 * true pc at a stop: only a handler's frame is an event for it.
 *
 * Method: a traced child waits in a one-instruction span and is brought to each kind
 * of stop. For the attached one the kernel has no siginfo in a group stop; since the stop before was
 * already one, the tracer takes the pc back into the span between the two. The twin shows the span, and stays in it.
 */
#include "tracee.h"

#define RESPONSE	1
#define LET_GO		2

static struct tracee *t;
static u32 hold, response, go;

static void ignore(void)
{
	must(signal(SIGUSR1, SIG_IGN) != SIG_ERR);
}

static void stop_by_interrupt(void)
{
	tracee_interrupt(t);
}

static void stop_by_signal(void)
{
	must(!kill(t->pid, SIGUSR1));
	must(tracee_wait(t) == SIGUSR1);
}

static void stop_by_group(void)
{
	must(!kill(t->pid, SIGSTOP));
	must(tracee_wait(t) == SIGSTOP);
	tracee_go(t, PTRACE_CONT, SIGSTOP);
	must(tracee_wait(t) == (SIGSTOP | PTRACE_EVENT_STOP << 8));
	must(!kill(t->pid, SIGCONT));
}

static void stop_by_group_attached(void)
{
	must(tracee_wait(t) == SIGSTOP);
	must(!ptrace(PTRACE_SETOPTIONS, t->pid, 0, PTRACE_O_EXITKILL));
	tracee_set_pc(t->pid, (u64)code_addr(t->code, hold));
	tracee_go(t, PTRACE_CONT, SIGSTOP);
	must(tracee_wait(t) == SIGSTOP);
	must(!kill(t->pid, SIGCONT));
}

static const struct {
	const char *name;
	void (*stop)(void);
	bool attach;
} stops[] = {
	{ "PTRACE_INTERRUPT", stop_by_interrupt },
	{ "signal-delivery-stop", stop_by_signal },
	{ "group stop", stop_by_group },
	{ "group stop, attached", stop_by_group_attached, true },
};

static struct code *make(int selector)
{
	struct code *c = code_new(1);
	u32 end;

	t->entry = emit_inside(c);
	hold = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = selector, .start = hold, .end = end,
					.response = response });
	code_seal(c);
	return c;
}

static void at_stop(unsigned int i, const char *name, bool registered, int selector)
{
	bool diverts = registered && selector == ESTP_PREEMPTION;
	u64 diversions;

	t->attach = stops[i].attach;
	tracee_start(t);
	stops[i].stop();
	is(tracee_pc(t->pid), (u64)code_addr(t->code, diverts ? response : hold),
	   "%s, %s: the tracer reads the %s", name, stops[i].name, diverts ? "response" : "true pc");
	if (registered) {
		diversions = stats_of(t->pid).diversions[ESTP_PREEMPTION];
		ok(diverts ? diversions >= 1 : !diversions, "%llu diversions counted",
		   (unsigned long long)diversions);
	}
	if (!diverts)
		code_let_go(t->code, 0, go);
	is(tracee_end(t), diverts ? RESPONSE : LET_GO, "it goes on there");
	is(regs_diff(&t->out, &t->in, "after the stop"), 0, "no register changed");
}

void test(void)
{
	unsigned int i, l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->prepare = ignore;
	for (i = 0; i < ARRAY_LEN(stops); i++) {
		for (l = 0; l < ARRAY_LEN(layouts); l++) {
			t->code = make(ESTP_PREEMPTION);
			must(!code_register(t->code, layouts[l]));
			at_stop(i, layout_names[l], true, ESTP_PREEMPTION);
			code_free(t->code);
		}
		t->code = make(ESTP_INTERRUPT);
		must(!code_register(t->code, ESTP_LAYOUT_PAGE));
		at_stop(i, "INTERRUPT", true, ESTP_INTERRUPT);
		code_free(t->code);

		t->code = make(ESTP_PREEMPTION);
		at_stop(i, "twin", false, ESTP_PREEMPTION);
		code_free(t->code);
	}
}
