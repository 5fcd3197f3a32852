// SPDX-License-Identifier: MIT
/*
 * DBG-4: a pc that a tracer writes at a stop is taken as it is, also where it lies in
 * a PREEMPTION span, that of the stop itself included.
 *
 * Method: a traced child is stopped in a span, or outside, there also when its set has become another one since it came to
 * its CPU, or on a page without registrations; the tracer, in half of the cases from the child's own CPU, writes another
 * pc in that span. The child must execute that instruction, which leaves a mark. Only
 * a true preemption between the tracer's word and the instruction may divert it: rare, but where
 * RT's threads for interrupts run above the child on a starved host, some of twenty. A pc that is not taken diverts
 * every child.
 */
#include "probe.h"
#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2
#define ROUNDS		20
#define ELSEWHERE	5		/* pages on */
#define BY_CHANCE	(ROUNDS / 2)

static struct tracee *t;
static bool beside;		/* the tracer resumes it from its own CPU, which it takes away at once */
static bool stays_traced;	/* by PTRACE_CONT */

static void change_the_set(void)
{
	must(!madv_register(probe_new(0x1000), sysconf(_SC_PAGESIZE)));
}

static void stop(void)
{
	if (!t->attach) {
		tracee_interrupt(t);
		return;
	}
	/* A group stop, of which an attached tracee says less than a seized one. */
	must(tracee_wait(t) == SIGSTOP);
	must(!ptrace(PTRACE_SETOPTIONS, t->pid, 0, PTRACE_O_EXITKILL));
	tracee_go(t, PTRACE_CONT, SIGSTOP);
	must(tracee_wait(t) == SIGSTOP);
}

static u32 go_on(void)
{
	int status;

	if (!stays_traced)
		return tracee_end(t);
	tracee_go(t, PTRACE_CONT, 0);
	must(waitpid(t->pid, &status, __WALL) == t->pid);
	return exited_with(status, 0) ? t->code->data->landed : LANDED_NOWHERE;
}

static void rounds(const char *name, u32 entry, u32 stop_pc, u32 write)
{
	unsigned int went = 0, diverted_ = 0, shown = 0, intact = 0, i;

	for (i = 0; i < ROUNDS; i++) {
		u32 landed;

		t->entry = entry;
		tracee_start(t);
		stop();
		shown += tracee_pc(t->pid) == (u64)code_addr(t->code, stop_pc);
		if (beside)
			pin(cpus_nr() - 1);
		tracee_set_pc(t->pid, (u64)code_addr(t->code, write));
		must(tracee_pc(t->pid) == (u64)code_addr(t->code, write));
		landed = go_on();
		pin(0);
		went += landed == THROUGH && t->code->data->mark[0] == 1;
		diverted_ += landed == RESPONSE;
		intact += !regs_diff(&t->out, &t->in, "after the stop");
	}
	ok(shown >= ROUNDS - BY_CHANCE, "%s: stopped where it should be (%u of %d)", name, shown, ROUNDS);
	is(went + diverted_, ROUNDS, "every child came out");
	ok(went >= ROUNDS - BY_CHANCE, "%u of %d executed the instruction that was written", went, ROUNDS);
	is(intact, ROUNDS, "no register changed");
}

/* On a page of which the kernel knows nothing: what it has settled there is of an earlier stop, or of none. */
static void stopped_elsewhere(void)
{
	struct code *c = t->code = code_new(ELSEWHERE + 1);
	u32 outside, hold_out, span, target, end, response;

	outside = emit_inside(c);
	hold_out = emit_hold(c);
	emit_org(c, ELSEWHERE * sysconf(_SC_PAGESIZE));
	span = emit_hold(c);
	target = emit_mark(c, &c->data->mark[0], 1);
	end = emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = span, .end = end, .response = response });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_TABLE));
	beside = true;
	rounds("stopped on another page, resumed from its CPU", outside, hold_out, target);
	stays_traced = true;
	rounds("likewise, but by PTRACE_CONT", outside, hold_out, target);
	t->attach = true;
	rounds("likewise, in a group stop of who is attached", outside, hold_out, target);
	t->attach = stays_traced = beside = false;
	code_free(c);
}

void test(void)
{
	u32 outside, inside, hold_out, hold_in, target, end, response;
	struct code *c;
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	for (l = 0; l < ARRAY_LEN(layouts); l++) {
		c = t->code = code_new(1);
		outside = emit_inside(c);
		hold_out = emit_hold(c);
		inside = emit_inside(c);
		hold_in = emit_hold(c);
		target = emit_mark(c, &c->data->mark[0], 1);
		end = emit_land(c, THROUGH);
		response = emit_land(c, RESPONSE);
		code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = hold_in,
						.end = end, .response = response });
		code_seal(c);
		must(!code_register(c, layouts[l]));
		diag("%s layout", layout_names[l]);
		rounds("stopped outside", outside, hold_out, target);
		t->prepare = change_the_set;
		rounds("stopped outside, the set changed", outside, hold_out, target);
		t->prepare = NULL;
		rounds("stopped in the span", inside, response, target);
		beside = true;
		rounds("stopped in the span, resumed from its CPU", inside, response, target);
		t->attach = stays_traced = true;
		rounds("stopped outside, in a group stop of who is attached, resumed from its CPU", outside, hold_out, target);
		t->attach = stays_traced = beside = false;
		code_free(c);
	}
	stopped_elsewhere();
}
