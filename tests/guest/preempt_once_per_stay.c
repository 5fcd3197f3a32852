// SPDX-License-Identifier: MIT
/*
 * PRE-7, PRE-3: a thread in a PREEMPTION span is diverted exactly once for each
 * stay off its CPU, and by nothing else: interrupts after which it goes on do
 * not divert it.
 *
 * Method: the response is the span's start, and the thread waits there; so it
 * can be preempted as often as one likes. The kernel's own count of its context
 * switches must agree with the diversions, after forced preemptions and after
 * a time with nothing but timer ticks.
 */
#include "harness.h"

#define LET_GO	2
#define ROUNDS	200

static u64 ticks(int cpu)
{
	char line[4096], *p;
	u64 nr = 0;
	FILE *f = fopen("/proc/interrupts", "re");

	must(f);
	while (fgets(line, sizeof(line), f)) {
		p = strchr(line, ':');
		if (!p || !strstr(line, TIMER_INTERRUPTS))
			continue;
		p++;
		do {
			nr = strtoull(p, &p, 10);
		} while (cpu--);
		break;
	}
	fclose(f);
	return nr;
}

static void agree(struct victim *v, u64 switches, u64 diversions, const char *when)
{
	u64 left, seen;

	/*
	 * One that is under way is counted a moment later.  A thread that leaves
	 * its CPU again before it has executed anything is diverted once for both.
	 */
	sleep_us(20000);
	seen = diverted(ESTP_PREEMPTION) - diversions;
	left = switches_of(v->tid) - switches;
	ok(seen <= left && left - seen <= left / 20 + 1, "%s: one diversion for each switch", when);
	diag("switches %llu, diversions %llu", (unsigned long long)left, (unsigned long long)seen);
}

void test(void)
{
	static struct victim v;
	struct code *c = code_new(1);
	u64 switches, diversions, tick, seen;
	u32 hold, end, go;
	int i;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1 };
	v.entry = emit_inside(c);
	hold = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = hold,
					.end = end, .response = hold });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	preempt(v.cpu);			/* the intruder is there before it counts */
	victim_start(&v);
	preempt(v.cpu);			/* now it is in the span for certain */
	wait_until(diverted(ESTP_PREEMPTION) > 0, 1000);

	switches = switches_of(v.tid);
	diversions = diverted(ESTP_PREEMPTION);
	for (i = 0; i < ROUNDS; i++)
		preempt(v.cpu);
	agree(&v, switches, diversions, "forced preemptions");
	seen = diverted(ESTP_PREEMPTION) - diversions;
	ok(seen >= ROUNDS - ROUNDS / 20, "each forced preemption diverted");

	tick = ticks(v.cpu);
	switches = switches_of(v.tid);
	diversions = diverted(ESTP_PREEMPTION);
	/* On a starved host others want that CPU, too: their switches do not count as interrupts. */
	ok(wait_until(ticks(v.cpu) - tick >= 100 + switches_of(v.tid) - switches, 10000),
	   "its CPU takes 100 timer interrupts more than it switches");
	agree(&v, switches, diversions, "timer interrupts");
	seen = diverted(ESTP_PREEMPTION) - diversions;
	ok(seen + 50 < ticks(v.cpu) - tick, "most of the 100 were no preemption");

	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "leaves when it is let go");
	is(regs_diff(&v.out, &v.in, "after all"), 0, "no register changed");
	code_free(c);
}
