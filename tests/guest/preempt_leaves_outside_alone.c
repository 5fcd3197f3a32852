// SPDX-License-Identifier: MIT
/*
 * PRE-5, PAGE-6: a span is half-open. A thread that is preempted in the last
 * instruction before a PREEMPTION span, or in the first one after it, goes on
 * where it was, with all its registers.
 *
 * Method: it waits in a single instruction that ends where the span begins, or
 * begins where the span ends, through many forced preemptions. That the page is
 * registered and alive is shown by the span itself: one preemption in it.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define ROUNDS		30

struct places {
	struct code *code;
	u32 before, inside, after;	/* entries */
	u32 go;
};

/* Hold 0 before the span, hold 1 the span, hold 2 after it. */
static struct places make(void)
{
	struct code *c = code_new(1);
	struct places p = { .code = c };
	u32 start, end, response;

	p.before = emit_inside(c);
	emit_hold(c);
	start = emit_hold(c);
	end = emit_hold(c);
	emit_land(c, 0xbad);
	p.go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	p.inside = emit_inside(c);
	code_aim(c, emit_jump(c), start);
	p.after = emit_inside(c);
	code_aim(c, emit_jump(c), end);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	return p;
}

static void outside(struct places *p, u32 entry, unsigned int hold, const char *name)
{
	static struct victim v;
	u64 before = diverted_all();
	int i;

	v = (struct victim) { .code = p->code, .entry = entry, .cpu = cpus_nr() - 1 };
	victim_start(&v);
	for (i = 0; i < ROUNDS; i++)
		preempt(v.cpu);
	is(p->code->data->landed, LANDED_NOWHERE, "%s: stays through %d preemptions",
	   name, ROUNDS);
	code_let_go(p->code, hold, p->go);
	is(victim_join(&v, 2000), LET_GO, "%s: leaves where it is let go", name);
	is(regs_diff(&v.out, &v.in, name), 0, "%s: no register changed", name);
	is(diverted_all(), before, "%s: no diversion", name);
}

static void inside(struct places *p)
{
	static struct victim v;

	v = (struct victim) { .code = p->code, .entry = p->inside, .cpu = cpus_nr() - 1 };
	victim_start(&v);
	/* It may be preempted before its one instruction: at the latest, it is then. */
	wait_until(v.done || (preempt(v.cpu), false), 2000);
	is(victim_join(&v, 100), RESPONSE, "and the span between the two is diverted");
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		struct places p = make();

		must(!code_register(p.code, layouts[i]));
		diag("%s layout", layout_names[i]);
		outside(&p, p.before, 0, "last instruction before the span");
		outside(&p, p.after, 2, "first instruction after the span");
		inside(&p);
		code_free(p.code);
	}
}
