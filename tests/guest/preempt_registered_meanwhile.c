// SPDX-License-Identifier: MIT
/*
 * PRE-9, FEN-2: what is registered while a thread is off its CPU counts as if it had been when
 * the thread left it, with a fence after it and without; what is registered while it runs does not, until it
 * leaves its CPU or a fence comes.
 *
 * Method: a thread waits in code that is not registered, or as a span that ends before; it is
 * preempted, and the code is registered from another CPU while whoever has preempted it still has that one,
 * so that it leaves once and comes back once; at the response it waits until that has been counted. The twins register
 * something else, or take it back.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define TRIES		5

enum meanwhile { REGISTER, REGISTER_AND_FENCE, WIDEN, NARROW, UNREGISTER };
static const struct {
	const char *name;
	bool before, diverts;
} all[] = {
	[REGISTER] = { "registered", false, true },
	[REGISTER_AND_FENCE] = { "registered, and a fence", false, true },
	[WIDEN] = { "made longer", true, true },
	[NARROW] = { "twin, another one registered", false, false },
	[UNREGISTER] = { "twin, unregistered and registered elsewhere", false, false },
};

static struct victim v;
static u32 hold, end, response, landing, go;

/* The span, or only what stands before the thread's place. */
static int span(bool whole)
{
	struct table t;
	int err;

	table_init(&t, v.code->base);
	table_add(&t, ESTP_PREEMPTION, code_addr(v.code, v.entry), (whole ? end : hold) - v.entry,
		  code_addr(v.code, response));
	err = table_register(&t);
	table_free(&t);
	return err;
}

static void change(enum meanwhile how)
{
	switch (how) {
	case REGISTER_AND_FENCE:
		must(!span(true));
		must(!madv_fence());
		break;
	case NARROW:
		must(!span(false));
		break;
	case UNREGISTER:
		must(!span(true));
		must(!code_unregister(v.code));
		must(!span(false));
		break;
	default:
		must(!span(true));
	}
}

/* How often it has been away when it is back, and at the response, if it comes there. */
static u64 away(enum meanwhile how)
{
	u64 switches;

	code_reset(v.code);
	if (how == WIDEN)
		must(!span(false));
	victim_start(&v);
	switches = switches_of(v.tid);
	preempt_begin(v.cpu);
	change(how);
	preempt_end(v.cpu);
	if (all[how].diverts)
		wait_until(v.code->data->mark[0], 5000);
	switches = switches_of(v.tid) - switches;
	code_let_go(v.code, 1, landing);
	return switches;
}

static void meanwhile(enum meanwhile how)
{
	u64 before = diverted(ESTP_PREEMPTION), times;
	unsigned int tries = TRIES;

	/* Away a second time, by chance, it would be diverted by that; or it is still away. */
	while ((times = away(how)) != 1 && all[how].diverts && --tries) {
		victim_join(&v, 2000);
		must(!code_unregister(v.code));
		before = diverted(ESTP_PREEMPTION);
	}
	if (all[how].diverts) {
		is(times, 1, "%s meanwhile, away once", all[how].name);
		is(victim_join(&v, 2000), RESPONSE, "goes on at the response");
	} else {
		sleep_us(20000);
		is(v.code->data->landed, LANDED_NOWHERE, "%s meanwhile: still there", all[how].name);
		code_let_go(v.code, 0, go);
		is(victim_join(&v, 2000), LET_GO, "leaves where it is let go");
	}
	is(diverted(ESTP_PREEMPTION) - before, all[how].diverts, "%d diversion", all[how].diverts);
	is(regs_diff(&v.out, &v.in, "afterwards"), 0, "no register changed");
	must(!code_unregister(v.code));
}

/* It never left its CPU: only what happens afterwards counts. */
static void while_it_runs(bool fence)
{
	unsigned int tries = TRIES;
	u64 before, switches;

	/* Whatever takes its CPU for a moment, as the kernel's own highest threads do, diverts it. */
	for (;;) {
		before = diverted(ESTP_PREEMPTION);
		code_reset(v.code);
		victim_start(&v);
		switches = switches_of(v.tid);
		must(!span(true));
		sleep_us(20000);
		if (switches_of(v.tid) == switches || !--tries)
			break;
		code_let_go(v.code, 0, go);
		code_let_go(v.code, 1, landing);
		victim_join(&v, 2000);
		must(!code_unregister(v.code));
	}
	is(v.code->data->mark[0], 0, "registered while it runs: still there");
	code_let_go(v.code, 1, landing);
	if (fence)
		must(!madv_fence());
	else
		preempt(v.cpu);
	is(victim_join(&v, 2000), RESPONSE, "%s: goes on at the response", fence ? "a fence" : "then preempted");
	is(diverted(ESTP_PREEMPTION) - before, 1, "1 diversion");
	is(regs_diff(&v.out, &v.in, "afterwards"), 0, "no register changed");
	must(!code_unregister(v.code));
}

void test(void)
{
	enum meanwhile how;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v = (struct victim) { .code = code_new(1), .cpu = cpus_nr() - 1, .fifo = true };
	v.entry = emit_inside(v.code);
	hold = emit_hold(v.code);
	end = v.code->at;
	go = emit_land(v.code, LET_GO);
	response = emit_mark(v.code, &v.code->data->mark[0], 1);
	emit_hold(v.code);
	landing = emit_land(v.code, RESPONSE);
	code_seal(v.code);
	/* Whoever preempts comes to that CPU the next time without a word. */
	preempt(v.cpu);
	for (how = REGISTER; how <= UNREGISTER; how++)
		meanwhile(how);
	while_it_runs(false);
	while_it_runs(true);
	code_free(v.code);
}
