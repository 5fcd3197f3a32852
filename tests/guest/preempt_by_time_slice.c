// SPDX-License-Identifier: MIT
/*
 * PRE-2, PRE-1: the end of a time slice is a PREEMPTION: of two ordinary threads
 * that want one CPU, the one that is in a span goes on at the response when its turn
 * comes again.
 *
 * Method: a thread waits in a span; another one spins on the same CPU, with the same
 * priority, until the first has come out. No one else does anything. The twin stays.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2

static volatile bool stop, spinning;

static void *spin(void *arg)
{
	pin(*(int *)arg);
	spinning = true;
	while (!stop)
		;
	return NULL;
}

static void run(bool registered, int layout)
{
	static struct victim v;
	struct code *c = code_new(1);
	u32 start, end, go, response;
	pthread_t thread;
	u64 before, left;

	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1 };
	v.entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	if (registered)
		must(!code_register(c, layout));
	before = diverted(ESTP_PREEMPTION);
	stop = spinning = false;
	victim_start(&v);
	must(!pthread_create(&thread, NULL, spin, &v.cpu));
	if (registered) {
		is(victim_join(&v, 5000), RESPONSE, "%s: goes on at the response", layout_names[layout]);
		ok(diverted(ESTP_PREEMPTION) > before, "the kernel counted it");
	} else {
		left = switches_of(v.tid);
		ok(wait_until(spinning && switches_of(v.tid) > left + 5, 5000),
		   "twin: it loses its CPU several times");
		is(c->data->landed, LANDED_NOWHERE, "twin: and stays");
		code_let_go(c, 0, go);
		is(victim_join(&v, 5000), LET_GO, "twin: until it is let go");
	}
	is(regs_diff(&v.out, &v.in, "thread"), 0, "no register changed");
	stop = true;
	must(!pthread_join(thread, NULL));
	code_free(c);
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	run(true, ESTP_LAYOUT_PAGE);
	run(true, ESTP_LAYOUT_TABLE);
	run(false, 0);
}
