// SPDX-License-Identifier: MIT
/*
 * INT-1, MASK-2, MASK-4: like interrupt_frame_holds_response, for a signal that
 * comes from outside while the thread runs in the span: once with its FP/SIMD
 * state in the CPU's registers, once after another thread has used them, and once on
 * an alternate signal stack.
 *
 * Method: the thread waits in a one-instruction span with secrets in all
 * registers; the signal comes from another CPU, or from a thread that has taken the
 * CPU away and used its vector registers. With bit 31 in the mask the frame's
 * FP/SIMD state is a fresh program's; without, it is the thread's own.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2

static struct victim v;
static struct regs want;

static void send(void *arg)
{
	volatile double x = 3.0;

	x = x * x / 7.0;		/* the vector registers are this thread's now */
	must(!syscall(SYS_tgkill, getpid(), v.tid, SIGUSR1));
}

static void alternate_stack(void)
{
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) };

	memset(stack, 0, sizeof(stack));
	must(!sigaltstack(&alt, NULL));
}

enum way { FROM_ELSEWHERE, WHILE_OFF_CPU, ON_ALTERNATE_STACK, WAYS };
static const char *const way_names[WAYS] = {
	"signal from elsewhere", "signal while off its CPU", "alternate stack",
};

static struct code *make(u32 mask, u32 *response, u32 *go)
{
	struct code *c = code_new(1);
	u32 start, end;

	v.entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	*go = emit_land(c, LET_GO);
	emit_prefix(c);
	*response = emit_land(c, RESPONSE);
	/* The mark before the hold is no secret's place: it is in the span, too. */
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = v.entry,
					.end = end, .response = *response, .mask = mask });
	code_seal(c);
	(void)start;
	return c;
}

static void signal_it(enum way way)
{
	catch_signal(SIGUSR1, way == ON_ALTERNATE_STACK ? SA_ONSTACK : 0);
	v.prepare = way == ON_ALTERNATE_STACK ? alternate_stack : NULL;
	caught_reset();
	victim_start(&v);
	if (way == WHILE_OFF_CPU)
		preempt_with(v.cpu, send, NULL);
	else
		send(NULL);
	must(wait_until(caught->nr, 2000));
}

static void registered(enum way way, u32 mask, int layout)
{
	u32 response, go;
	struct code *c = v.code = make(mask, &response, &go);
	u64 before;

	must(!code_register(c, layout));
	before = diverted(ESTP_INTERRUPT);
	signal_it(way);
	is(victim_join(&v, 2000), RESPONSE, "%s, %s, mask %#x: goes on at the response",
	   way_names[way], layout_names[layout], mask);
	want = v.in;
	regs_clear(&want, mask, false);
	is(caught->pc, (u64)code_addr(c, response), "the frame holds the response");
	is(regs_diff(&caught->frame, &want, "frame"), 0, "and what the mask left");
	is(regs_diff_live(&caught->live, &want, "live"), 0, "so do the live registers");
	is(regs_diff(&v.out, &want, "after the handler"), 0, "and the thread after it");
	if (mask == REGS_CLEAR_VALID)
		is(caught->stack_secrets + caught->live_secrets, 0, "no secret anywhere");
	is(diverted(ESTP_INTERRUPT) - before, 1, "the kernel counted one diversion");
	code_free(c);
}

static void twin(enum way way)
{
	u32 response, go;
	struct code *c = v.code = make(REGS_CLEAR_VALID, &response, &go);

	signal_it(way);
	is(c->data->landed, LANDED_NOWHERE, "twin, %s: goes on where it was", way_names[way]);
	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "twin: leaves where it is let go");
	ok(caught->pc != (u64)code_addr(c, response), "twin: the frame holds another pc");
	ok(caught->stack_secrets > 20 && caught->live_secrets > 8, "twin: secrets are found");
	is(regs_diff(&v.out, &v.in, "twin"), 0, "twin: no register changed");
	code_free(c);
}

void test(void)
{
	const u32 masks[] = { REGS_CLEAR_VALID, ESTP_CLEAR_FP, REGS_CLEAR_VALID & ~ESTP_CLEAR_FP, 0 };
	unsigned int way, m;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v.cpu = cpus_nr() - 1;
	for (way = 0; way < WAYS; way++) {
		for (m = 0; m < ARRAY_LEN(masks); m++)
			registered(way, masks[m], layouts[m & 1]);
		twin(way);
	}
}
