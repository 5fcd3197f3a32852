// SPDX-License-Identifier: MIT
/*
 * SIG-1, SIG-2, SIG-4, SIG-5, INT-6, EVT-3, EVT-9, PAGE-6: a signal that reaches a handler
 * diverts also as PREEMPTION: no frame holds a pc inside a PREEMPTION span, except for
 * that of a trap's own SIGTRAP. It comes after INTERRUPT: where that leads into a
 * PREEMPTION span, the frame holds that span's response.
 *
 * Method: a signal is put at every instruction of the span, and at the first byte
 * after it. Then a fault without FAULT, a breakpoint and a system call that ends in
 * a signal happen in spans. The twin's frames hold the true pc.
 */
#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define CHAINED		3
#define RECOVERED	4
#define NOPS		6

static struct regs in, out, want;
static struct code *code;
static u32 recovered;

static bool lands(u32 launch_off, u32 off, u32 pc, u32 landing)
{
	static u32 seed;
	bool right;

	caught_reset();
	regs_fill(&in, ++seed);
	right = launch(code, launch_off, (u64)code_addr(code, off), SIGUSR1, &in, &out) == landing;
	right &= caught->nr == 1 && caught->pc == (u64)code_addr(code, pc);
	right &= !regs_diff(&caught->frame, &in, "frame");
	right &= !regs_diff(&out, &in, "after the handler");
	return right;
}

static void every_instruction(void)
{
	u32 launch_off, start, end, response, off;
	unsigned int i, right;
	u64 before;

	code = code_new(1);
	launch_off = emit_launch(code);
	start = code->at;
	for (i = 0; i < NOPS; i++)
		emit_nop(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					   .end = end, .response = response });
	code_seal(code);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(code, layouts[i]));
		before = diverted(ESTP_PREEMPTION);
		for (right = 0, off = start; off < end; off += code_nop_len)
			right += lands(launch_off, off, response, RESPONSE);
		is(right, NOPS, "%s: at every instruction the frame holds the response", layout_names[i]);
		is(diverted(ESTP_PREEMPTION) - before, NOPS, "the kernel counted as many");
		ok(lands(launch_off, end, end, THROUGH), "at the first byte after, that pc");
		is(diverted(ESTP_PREEMPTION) - before, NOPS, "which is no diversion");
		must(!code_unregister(code));
	}
	for (right = 0, off = start; off < end; off += code_nop_len)
		right += lands(launch_off, off, off, THROUGH);
	is(right, NOPS, "twin: at every instruction the frame holds that pc");
	code_free(code);
}

/* INTERRUPT leads to an instruction that is in a PREEMPTION span. */
static void after_interrupt(void)
{
	u32 launch_off, start, end, through, chain, chain_end, chained;
	u64 preemptions, interrupts;
	unsigned int i;

	code = code_new(1);
	launch_off = emit_launch(code);
	start = emit_nop(code);
	end = through = emit_land(code, THROUGH);
	emit_prefix(code);
	chain = emit_nop(code);
	chain_end = emit_land(code, RESPONSE);
	chained = emit_land(code, CHAINED);
	code_describe(code, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					   .response = chain, .mask = REGS_CLEAR_VALID });
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = chain,
					   .end = chain_end, .response = chained });
	code_seal(code);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(code, layouts[i]));
		preemptions = diverted(ESTP_PREEMPTION);
		interrupts = diverted(ESTP_INTERRUPT);
		caught_reset();
		regs_fill(&in, 50);
		is(launch(code, launch_off, (u64)code_addr(code, start), SIGUSR1, &in, &out), CHAINED,
		   "%s: INTERRUPT into a PREEMPTION span ends at that span's response",
		   layout_names[i]);
		is(caught->pc, (u64)code_addr(code, chained), "the frame holds that");
		want = in;
		regs_clear(&want, REGS_CLEAR_VALID, false);
		is(regs_diff(&caught->frame, &want, "frame"), 0, "and cleared registers");
		ok(diverted(ESTP_PREEMPTION) - preemptions == 1 &&
		   diverted(ESTP_INTERRUPT) - interrupts == 1, "the kernel counted both");
		must(!code_unregister(code));
	}
	code_free(code);
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, recovered));
}

/* Once more if it was preempted by chance, before the signal could come or on the way back from its handler. */
static u64 run_until_caught(u32 off, u32 landing)
{
	u64 before, switches;
	int tries = 10;

	do {
		switches = switches_of(gettid_());
		before = diverted_all();
		caught_reset();
		code_reset(code);
		regs_fill(&in, 60);
		regs_run(&in, &out, code_addr(code, off));
	} while ((!caught->nr || code->data->landed != landing) && switches_of(gettid_()) != switches && --tries);
	return before;
}

static void fault_and_trap(void)
{
	u32 fault, trap, end, response;
	u64 before;

	code = code_new(1);
	fault = emit_illegal(code);
	trap = emit_trap(code);
	emit_nop(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = fault,
					   .end = end, .response = response });
	code_seal(code);
	must(!code_register(code, ESTP_LAYOUT_TABLE));

	catch_signal(SIGILL, 0);
	caught_hook = recover;
	before = run_until_caught(fault, RECOVERED);
	caught_hook = NULL;
	is(code->data->landed, RECOVERED, "a fault without FAULT: its handler decides");
	is(caught->pc, (u64)code_addr(code, response), "it sees the response");
	is((u64)caught->info.si_addr, (u64)code_addr(code, fault), "and the true si_addr");
	ok(caught->fault_words || ILLEGAL_NO_WORDS, "and the true trap number");
	is(regs_diff(&caught->frame, &in, "frame"), 0, "and all registers");
	is(diverted_all() - before, 1, "the kernel counted it");

	catch_signal(SIGTRAP, 0);
	before = run_until_caught(trap, THROUGH);
	is(code->data->landed, THROUGH, "a breakpoint: the sequence goes on");
	is(caught->pc, (u64)code_addr(code, trap) + code_trap_pc, "its SIGTRAP shows the true pc");
	is(regs_diff(&caught->frame, &in, "frame"), 0, "and all registers");
	is(diverted_all(), before, "no diversion");

	must(!code_unregister(code));
	caught_hook = recover;
	run_until_caught(fault, RECOVERED);
	caught_hook = NULL;
	is(caught->pc, (u64)code_addr(code, fault), "twin: the fault's handler sees the true pc");
	code_free(code);
}

/* The instruction after a completed call is the first of a span. */
static void after_call(void)
{
	u32 call, start, end, response;
	u64 before;

	code = code_new(1);
	call = emit_syscall(code);
	start = emit_nop(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					   .end = end, .response = response });
	code_seal(code);
	must(!code_register(code, ESTP_LAYOUT_PAGE));
	before = diverted(ESTP_PREEMPTION);
	caught_reset();
	code_reset(code);
	regs_fill(&in, 70);
	regs_set_syscall(&in, SYS_tgkill, getpid(), gettid_(), SIGUSR1, 0);
	regs_run(&in, &out, code_addr(code, call));
	want = in;
	/* INT-6: what SYSCALL left of the pc becomes the response, too. */
	regs_spoil_by_syscall(&want, code_addr(code, response), 0);
	is(code->data->landed, RESPONSE, "a signal at the end of a system call in front of a span");
	is(caught->pc, (u64)code_addr(code, response), "the frame holds the span's response");
	is(regs_diff(&caught->frame, &want, "frame"), 0, "and the completed call's registers");
	is(diverted(ESTP_PREEMPTION) - before, 1, "the kernel counted it");
	code_free(code);
}

void test(void)
{
	need_estp_and_counters();
	catch_signal(SIGUSR1, SA_RESTART);
	every_instruction();
	after_interrupt();
	fault_and_trap();
	after_call();
}
