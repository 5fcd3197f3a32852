// SPDX-License-Identifier: MIT
/*
 * FLT-8: a signal frame that cannot be written is no FAULT, though the pc is in a
 * FAULT span: the SIGSEGV that the kernel raises kills the process, or reaches its
 * handler on an alternate stack, as without ESTP.
 *
 * Method: in a child, a signal is delivered at an instruction of the span with a
 * stack pointer that points nowhere. Before that, faults of each kind have
 * happened, diverted and not, so that what the kernel remembers of the last trap
 * looks like a fault. The twin ends the same way.
 */
#include "faults.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

static struct code *code;
static u32 launch_off, start, response, recovered;
static struct regs in, out;
static bool registered, on_alternate_stack;
static const struct fault_kind *before;
static struct {
	u64 diversions, landed;
	int si_code;
	u64 pc;
} *results;

static void no_stack(ucontext_t *uc)
{
	frame_set_sp(uc, 64);
}

static void report(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (frame_sp(uc) != 64) {		/* one of the faults before */
		frame_set_pc(uc, (u64)code_addr(code, recovered));
		return;
	}
	results->si_code = info->si_code;
	results->pc = frame_pc(uc);
	results->diversions = diverted(ESTP_FAULT);
	_exit(sig == SIGSEGV ? 42 : 43);
}

/* A fault of that kind, outside of any span and inside of one. */
static void fault_before(void)
{
	struct code *c = code_new(1);
	u32 outside, inside, end, there;

	outside = before->emit(c);
	emit_land(c, THROUGH);
	inside = before->emit(c);
	end = emit_land(c, THROUGH);
	there = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = inside, .end = end,
					.response = there });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_TABLE));
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)before->arg());
	regs_run(&in, &out, code_addr(c, inside));
	must(c->data->landed == RESPONSE);
	catch_signal(before->sig, 0);
	regs_run(&in, &out, code_addr(c, outside));
	must(code->data->landed == RECOVERED);
	signal(before->sig, SIG_DFL);
}

static void child(void *arg)
{
	if (registered)
		must(!code_register(code, ESTP_LAYOUT_PAGE));
	caught_hook = report;
	fault_before();
	code_reset(code);
	catch_signal(SIGUSR1, 0);
	if (on_alternate_stack)
		catch_signal(SIGSEGV, SA_ONSTACK);
	launch_hook = no_stack;
	regs_fill(&in, 2);
	results->landed = launch(code, launch_off, (u64)code_addr(code, start), SIGUSR1, &in, &out);
	_exit(1);
}

static void run(void)
{
	int status;

	memset(results, 0, sizeof(*results));
	status = run_child(child, NULL, 10);
	ok(on_alternate_stack ? exited_with(status, 42) : killed_by(status, SIGSEGV),
	   "%safter %s, %s: %s", registered ? "" : "twin, ", before->name,
	   on_alternate_stack ? "handler on an alternate stack" : "no handler", ending(status));
	is(results->landed, 0, "the code went nowhere");
	if (on_alternate_stack) {
		is(results->pc, (u64)code_addr(code, start), "the handler sees the true pc");
		is(results->si_code, SI_KERNEL, "and the kernel's si_code");
		/* Without one nobody is left to ask: the counters end with the process. */
		is(results->diversions, 1, "nothing but the fault before was diverted");
	}
}

void test(void)
{
	unsigned int i;
	u32 end;

	need_estp_and_counters();
	results = shared(sizeof(*results));
	code = code_new(1);
	launch_off = emit_launch(code);
	start = emit_nop(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
					   .end = end, .response = response });
	code_seal(code);
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		before = &fault_kinds[i];
		for (on_alternate_stack = false;; on_alternate_stack = true) {
			registered = true;
			run();
			/* One twin everywhere, and one for each kind that looks like it. */
			if (!i || before->si_code == SI_KERNEL) {
				registered = false;
				run();
			}
			if (on_alternate_stack)
				break;
		}
	}
}
