// SPDX-License-Identifier: MIT
/*
 * TAB-3, TAB-10, LIFE-7: the span of an entry may cross page boundaries; it works on
 * both sides, in an instruction that lies on the boundary itself, and with the
 * response on a third page. Unmapping one of the pages ends it on all.
 *
 * Method: three pages of code, inline, without any header. A thread waits in the
 * instruction across the boundary and is preempted. Signals are put at instructions
 * on both sides, faults raised there. Then the response's page alone is unmapped.
 */
#include "harness.h"

#define FAULT_RESPONSE	1
#define INT_RESPONSE	2
#define PRE_RESPONSE	3
#define THROUGH		4

static struct regs in, out, want;
static struct code *c;
static size_t page;
static u32 launch_off, left, across, right, fault_left, fault_right, end;
static u32 preempted, interrupted, faulted, entry;

static void make(void)
{
	u32 jump;

	c = code_new(3);
	launch_off = emit_launch(c);
	entry = emit_inside(c);
	jump = emit_jump(c);
	emit_org(c, page - 2 * code_nop_len - code_illegal_len - HOLD_LEFT);
	left = emit_nop(c);
	fault_left = emit_illegal(c);
	emit_nop(c);
	across = emit_hold(c);			/* if it can, on both */
	fault_right = emit_illegal(c);
	right = emit_nop(c);
	end = emit_land(c, THROUGH);
	code_aim(c, jump, across);
	emit_org(c, 2 * page + 64);
	preempted = emit_land(c, PRE_RESPONSE);
	interrupted = emit_land(c, INT_RESPONSE);
	faulted = emit_land(c, FAULT_RESPONSE);
	code_seal(c);
}

/* One table each: MASK-5 would not have them in one. */
static void enter(int selector, u32 from, u32 to, u32 response)
{
	struct table t;
	struct estp_entry *e;

	table_init(&t, c->base);
	e = table_add(&t, selector, code_addr(c, from), to - from, code_addr(c, response));
	if (selector == ESTP_INTERRUPT)
		e->clear_mask = REGS_CLEAR_VALID;
	must(!table_register(&t));
	table_free(&t);
}

static void interrupt_at(u32 off, const char *name)
{
	caught_reset();
	regs_fill(&in, off);
	is(launch(c, launch_off, (u64)code_addr(c, off), SIGUSR1, &in, &out), INT_RESPONSE,
	   "INTERRUPT %s", name);
	want = in;
	regs_clear(&want, REGS_CLEAR_VALID, false);
	is(regs_diff(&caught->frame, &want, "frame"), 0, "cleared");
}

static void fault_at(u32 off, const char *name)
{
	code_reset(c);
	regs_fill(&in, off);
	regs_run(&in, &out, code_addr(c, off));
	is(c->data->landed, FAULT_RESPONSE, "FAULT %s", name);
	is(regs_diff(&out, &in, "after the fault"), 0, "no register changed");
}

static void preempt_across(void)
{
	static struct victim v;

	v = (struct victim) { .code = c, .entry = entry, .cpu = cpus_nr() - 1 };
	victim_start(&v);
	wait_until(v.done || (preempt(v.cpu), false), 2000);
	is(victim_join(&v, 100), PRE_RESPONSE, "PREEMPTION in the instruction across");
	is(regs_diff(&v.out, &v.in, "after the preemption"), 0, "no register changed");
}

void test(void)
{
	u64 sequences;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	page = sysconf(_SC_PAGESIZE);
	catch_signal(SIGUSR1, 0);
	sequences = stats().sequences;
	make();
	ok(left / page == 0 && across / page == 0 && fault_right / page == 1 &&
	   faulted / page == 2, "left, across and right are where they should be");
	enter(ESTP_FAULT, left, end, faulted);
	enter(ESTP_INTERRUPT, left, end, interrupted);
	enter(ESTP_PREEMPTION, across, fault_right, preempted);
	interrupt_at(left, "on the left page");
	interrupt_at(across, "in the instruction across");
	interrupt_at(right, "on the right page");
	fault_at(fault_left, "on the left page");
	fault_at(fault_right, "on the right page");
	preempt_across();

	is(stats().sequences - sequences, 3, "three sequences are registered");
	must(!munmap(code_addr(c, 2 * page), page));
	is(stats().sequences - sequences, 0, "without the response's page there are none");
	caught_reset();
	code_reset(c);
	regs_fill(&in, 1);
	is(launch(c, launch_off, (u64)code_addr(c, end), SIGUSR1, &in, &out), THROUGH,
	   "the code still runs");
	caught_reset();
	is(launch(c, launch_off, (u64)code_addr(c, right), SIGUSR1, &in, &out), THROUGH,
	   "a signal on the right page diverts no more");
	is(caught->pc, (u64)code_addr(c, right), "its frame holds the true pc");
}
