// SPDX-License-Identifier: MIT
/*
 * PRE-1, PRE-5, EVT-6: a thread that is preempted with its pc in a PREEMPTION
 * span resumes at the response, and no other register changes.
 *
 * Method: a thread with known values in its whole register file waits in a
 * single instruction, which is, in turn, the whole span, the first and the last
 * instruction of a longer one. A SCHED_FIFO thread takes its CPU away once.
 * The twin waits in the same code, unregistered, through many preemptions, and
 * is then let go: it comes out elsewhere, with the same registers.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define TWIN_ROUNDS	20

/* Where the waiting instruction stands in the span. */
static const struct place {
	const char *name;
	unsigned int before, after;	/* instructions of the span around it */
} places[] = {
	{ "the only instruction", 0, 0 },
	{ "the first instruction", 0, 5 },
	{ "the last instruction", 5, 0 },
	{ "in the middle", 5, 5 },
};

static struct code *make(const struct place *p, u32 *entry, u32 *go)
{
	struct code *c = code_new(1);
	u32 start, end, response;
	unsigned int i;

	*entry = emit_inside(c);
	start = c->at;
	for (i = 0; i < p->before; i++)
		emit_nop(c);
	emit_hold(c);
	for (i = 0; i < p->after; i++)
		emit_nop(c);
	end = c->at;
	*go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	return c;
}

static void registered(const struct place *p, int layout)
{
	static struct victim v;
	u64 before;
	u32 go;

	v = (struct victim) { .cpu = cpus_nr() - 1 };
	v.code = make(p, &v.entry, &go);
	must(!code_register(v.code, layout));
	before = diverted(ESTP_PREEMPTION);
	victim_start(&v);
	preempt(v.cpu);
	is(victim_join(&v, 2000), RESPONSE, "%s, %s: resumes at the response",
	   layout_names[layout], p->name);
	ok(diverted(ESTP_PREEMPTION) > before, "the kernel counted the diversion");
	is(regs_diff(&v.out, &v.in, "after the diversion"), 0, "no register changed");
	code_free(v.code);
}

static void twin(const struct place *p)
{
	static struct victim v;
	u64 before;
	u32 go;
	int i;

	v = (struct victim) { .cpu = cpus_nr() - 1 };
	v.code = make(p, &v.entry, &go);
	before = diverted_all();
	victim_start(&v);
	for (i = 0; i < TWIN_ROUNDS; i++)
		preempt(v.cpu);
	is(v.code->data->landed, LANDED_NOWHERE,
	   "twin, %s: still there after %d preemptions", p->name, TWIN_ROUNDS);
	code_let_go(v.code, 0, go);
	is(victim_join(&v, 2000), LET_GO, "twin: leaves where it is let go");
	is(regs_diff(&v.out, &v.in, "twin"), 0, "twin: no register changed");
	is(diverted_all(), before, "twin: no diversion");
	code_free(v.code);
}

void test(void)
{
	unsigned int i, k;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	for (i = 0; i < ARRAY_LEN(places); i++) {
		for (k = 0; k < ARRAY_LEN(layouts); k++)
			registered(&places[i], layouts[k]);
		twin(&places[i]);
	}
}
