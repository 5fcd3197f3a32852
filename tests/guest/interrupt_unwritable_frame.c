// SPDX-License-Identifier: MIT
/*
 * INT-12: if the frame of a signal in an INTERRUPT span cannot be written, the
 * thread stays diverted and cleared: the SIGSEGV that follows shows the response
 * as pc, and no secret.
 *
 * Method: a signal comes at an instruction of the span with a stack pointer that
 * points nowhere. A SIGSEGV handler on an alternate stack reads the frame. The
 * twin's reads the true pc and the secrets.
 */
#include "harness.h"

#define RESPONSE	1
#define AFTER		2

static struct {
	u64 pc, diversions;
	size_t secrets;
	unsigned int wrong;
} *results;

static struct code *code;
static u32 launch_off, start, response;
static struct regs in, out, want;
static bool registered;

/* And another alternate stack than the launching frame is on, full of secrets. */
static void no_stack(ucontext_t *uc)
{
	static char stack[65536];

	frame_set_sp(uc, 64);
	uc->uc_stack = (stack_t) { .ss_sp = stack, .ss_size = sizeof(stack) };
}

static void report(int sig, siginfo_t *info, ucontext_t *uc)
{
	want = in;
	if (registered)
		regs_clear(&want, REGS_CLEAR_VALID, false);
	/* The stack pointer is none of the comparison's business. */
	regs_copy_sp(&want, &caught->frame);
	results->pc = frame_pc(uc);
	results->secrets = caught->stack_secrets + caught->live_secrets;
	results->wrong = regs_diff(&caught->frame, &want, "frame");
	results->diversions = diverted(ESTP_INTERRUPT);
	fflush(stdout);
	_exit(sig == SIGSEGV && info->si_code == SI_KERNEL ? 42 : 43);
}

static void child(void *arg)
{
	if (registered)
		must(!code_register(code, ESTP_LAYOUT_PAGE));
	catch_signal(SIGUSR1, 0);
	catch_signal(SIGSEGV, SA_ONSTACK);
	caught_hook = report;
	launch_hook = no_stack;
	regs_fill(&in, 31);
	launch(code, launch_off, (u64)code_addr(code, start), SIGUSR1, &in, &out);
	_exit(1);
}

void test(void)
{
	int status;
	u32 end;

	need_estp_and_counters();
	results = shared(sizeof(*results));
	code = code_new(1);
	launch_off = emit_launch(code);
	start = emit_nop(code);
	end = emit_land(code, AFTER);
	emit_prefix(code);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					   .response = response, .mask = REGS_CLEAR_VALID });
	code_seal(code);

	registered = true;
	status = run_child(child, NULL, 10);
	ok(exited_with(status, 42), "the SIGSEGV handler is called (%s)", ending(status));
	is(results->pc, (u64)code_addr(code, response), "it sees the response as pc");
	is(results->wrong, 0, "and cleared registers");
	is(results->secrets, 0, "and no secret anywhere");
	is(results->diversions, 1, "the kernel counted the diversion");

	registered = false;
	memset(results, 0, sizeof(*results));
	status = run_child(child, NULL, 10);
	ok(exited_with(status, 42), "twin: the SIGSEGV handler is called (%s)", ending(status));
	is(results->pc, (u64)code_addr(code, start), "twin: it sees the true pc");
	is(results->wrong, 0, "twin: and all registers");
	ok(results->secrets > 20, "twin: secrets are found");
}
