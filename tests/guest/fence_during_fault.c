// SPDX-License-Identifier: MIT
/*
 * FEN-9, FEN-2, FLT-4: a thread inside a span for which a page fault is being handled
 * while the fence passes counts as inside: it goes on at the response, and not behind
 * the faulting instruction.
 *
 * Method: a store in the span touches a fresh huge page, which takes the kernel long to
 * clear, without leaving the CPU. Meanwhile the fence is called. When it returns and
 * the store has not come to its end (a mark says so), it never may: the response is next.
 * The twin, without a fence, stores.
 */
#include "harness.h"

#define RESPONSE	1
#define COMMITTED	2
#define ROUNDS		400	/* at most */
#define ENOUGH		5	/* fences during a fault */
#define TIME_MS		8000
#define HUGE_LEN	(2ul << 20)

static struct victim v;
static u32 commit;

static void make(void)
{
	struct code *c = code_new(1);
	u32 start, end, response;

	v.code = c;
	v.entry = emit_inside(c);
	start = emit_store(c);
	emit_mark(c, &c->data->mark[0], 1);
	emit_hold(c);
	commit = emit_mark(c, &c->data->mark[1], 1);
	end = emit_land(c, COMMITTED);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
}

struct outcome {
	bool during;		/* the fence returned before the store was done */
	bool stored;
	u32 landed;
};

static struct outcome round_of(u32 seed, bool fence)
{
	char *mem = mmap(NULL, 2 * HUGE_LEN, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *huge;
	volatile unsigned int delay;
	struct outcome o = { false };

	must(mem != MAP_FAILED);
	huge = (char *)(((u64)mem + HUGE_LEN - 1) & ~(HUGE_LEN - 1));
	madvise(huge, HUGE_LEN, MADV_HUGEPAGE);
	regs_fill(&v.in, seed);
	regs_set_arg(&v.in, (u64)huge);
	code_reset(v.code);
	victim_start_with(&v);
	for (delay = seed % 8 * 4; delay; delay--)
		;
	if (fence)
		must(!madv_fence());
	o.during = fence && !v.code->data->mark[0];
	if (!fence)
		must(wait_until(v.code->data->mark[0], 2000));
	code_let_go(v.code, 0, commit);
	o.landed = victim_join(&v, 2000);
	o.stored = v.code->data->mark[0];
	munmap(mem, 2 * HUGE_LEN);
	return o;
}

void test(void)
{
	unsigned int during = 0, wrong = 0, landed = 0, intact = 0, i;
	u64 end = now_ms() + TIME_MS;
	struct outcome o;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	v = (struct victim) { .cpu = 1, .fifo = true };
	make();
	for (i = 0; i < ROUNDS && during < ENOUGH && now_ms() < end; i++) {
		o = round_of(i, true);
		landed += o.landed == RESPONSE;
		during += o.during;
		wrong += o.during && o.stored;
		intact += o.stored || !regs_diff(&v.out, &v.in, "after the fence");
	}
	is(landed, i, "with a fence no thread commits");
	ok(during > 0, "in %u of %u rounds the fence came while the fault was handled", during, i);
	final(is(wrong, 0, "none of those went on behind the store"));
	is(intact, i, "no register changed");
	o = round_of(0, false);
	ok(o.stored && o.landed == COMMITTED, "twin: without a fence it stores and commits");
	code_free(v.code);
}
