// SPDX-License-Identifier: MIT
/*
 * DBG-5, INT-8, INT-9, INT-7: INTERRUPT has no exception for traps: a SIGTRAP of a
 * breakpoint, or of a tracer's step, that reaches a handler of the program shows the
 * response, and nothing that the mask clears.
 *
 * Method: a breakpoint instruction in the span, with and without a tracer that passes
 * the signal on; and a tracer that steps through the span and passes the step's
 * SIGTRAP on at each instruction. The twin's handler sees all.
 */
#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2
#define STEPS		5

static struct tracee *t;
static struct code *c;
static u32 hold, trap, at[STEPS], end, response;

static void handle_trap(void)
{
	catch_signal(SIGTRAP, 0);
}

static void make(void)
{
	int i;

	c = t->code = code_new(1);
	t->entry = emit_inside(c);
	hold = emit_hold(c);
	for (i = 0; i < STEPS; i++)
		at[i] = emit_nop(c);
	trap = emit_trap(c);
	emit_nop(c);
	end = emit_land(c, THROUGH);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = at[0], .end = end,
					.response = response, .mask = REGS_CLEAR_VALID });
	code_seal(c);
}

static unsigned int differences(const struct regs *in, bool registered, u64 pc)
{
	static struct regs want;
	unsigned int wrong = 0;

	want = *in;
	if (registered)
		regs_clear(&want, REGS_CLEAR_VALID, false);
	wrong += caught->nr != 1 || caught->sig != SIGTRAP;
	wrong += caught->pc != (registered ? (u64)code_addr(c, response) : pc);
	wrong += regs_diff(&caught->frame, &want, "frame");
	wrong += regs_diff_live(&caught->live, &want, "live");
	if (registered)
		wrong += caught->fault_words != 0;
	return wrong;
}

static void untraced(bool registered)
{
	static struct regs in, out;

	handle_trap();
	caught_reset();
	code_reset(c);
	regs_fill(&in, 5);
	regs_run(&in, &out, code_addr(c, trap));
	is(c->data->landed, registered ? RESPONSE : THROUGH, "%s: a breakpoint in the span",
	   registered ? "registered" : "twin");
	is(differences(&in, registered, (u64)code_addr(c, trap) + code_trap_pc), 0,
	   "its handler sees %s", registered ? "the response, and nothing masked" : "everything");
	if (registered)
		is(caught->stack_secrets + caught->live_secrets, 0, "no secret anywhere");
	else
		ok(caught->stack_secrets > 20, "secrets are found");
	signal(SIGTRAP, SIG_DFL);
}

/* The tracer passes on the SIGTRAP at @pc; what the handler then saw. */
static void passed_on(bool registered)
{
	unsigned int i, k, right = 0, landed = 0, shown = 0;

	for (i = 0; i <= STEPS; i++) {
		u64 pc = i < STEPS ? (u64)code_addr(c, at[i]) : (u64)code_addr(c, trap) + code_trap_pc;

		tracee_start(t);
		tracee_interrupt(t);
		must(tracee_pc(t->pid) == (u64)code_addr(c, hold));
		code_let_go(c, 0, i < STEPS ? at[0] : trap);
		caught_reset();
		if (i < STEPS) {
			for (k = 0; k <= i; k++) {
				tracee_go(t, PTRACE_SINGLESTEP, 0);
				must(tracee_wait(t) == SIGTRAP);
			}
		} else {
			tracee_go(t, PTRACE_CONT, 0);
			must(tracee_wait(t) == SIGTRAP);
		}
		shown += tracee_pc(t->pid) == pc;
		tracee_go(t, PTRACE_CONT, SIGTRAP);
		must(wait_until(caught->nr, 2000));
		right += !differences(&t->in, registered, pc);
		/* The twin goes on to the breakpoint: that is not passed on. */
		while (tracee_wait(t) == SIGTRAP) {
			tracee_pass_trap(t->pid);
			tracee_go(t, PTRACE_CONT, 0);
		}
		landed += c->data->landed == (registered ? RESPONSE : THROUGH);
	}
	is(shown, STEPS + 1, "%s, traced: the tracer sees the true pc", registered ? "registered" : "twin");
	is(right, STEPS + 1, "the handler sees %s", registered ?
	   "the response, and nothing masked" : "everything");
	is(landed, STEPS + 1, "and the child goes on");
}

void test(void)
{
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	t = shared(sizeof(*t));
	t->prepare = handle_trap;
	for (l = 0; l < ARRAY_LEN(layouts); l++) {
		make();
		must(!code_register(c, layouts[l]));
		diag("%s layout", layout_names[l]);
		untraced(true);
		passed_on(true);
		must(!code_unregister(c));
		untraced(false);
		passed_on(false);
		code_free(c);
	}
}
