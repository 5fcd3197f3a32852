// SPDX-License-Identifier: MIT
/*
 * INT-1, INT-7, INT-13, MASK-1, MASK-4, MASK-8, PAGE-6: a signal that reaches a handler
 * at any instruction of an INTERRUPT span shows the response as pc and 0 in every
 * masked register, in the frame and live; nothing else differs, and the thread
 * resumes at the response with exactly that, whatever the response length. At the
 * first byte after the span nothing of this happens.
 *
 * Method: a pending signal is unblocked by a sigreturn that leads to the very
 * instruction, so that every instruction is visited. Each mask bit is tried
 * alone, then none, then all. Registers hold secrets; the frame, the signal stack
 * and the live registers are searched for them. The twin, unregistered, shows
 * pc and secrets.
 */
#include "harness.h"

#define RESPONSE	1
#define AFTER		2
#define NOPS		6

static struct regs in, out, want;

struct gate {
	struct code *code;
	u32 launch, start, end, response;
};

static struct gate make(u32 mask, u32 response_len)
{
	struct code *c = code_new(1);
	struct gate g = { .code = c };
	int i;

	g.launch = emit_launch(c);
	g.start = c->at;
	for (i = 0; i < NOPS; i++)
		emit_nop(c);
	g.end = emit_land(c, AFTER);
	emit_prefix(c);
	g.response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = g.start,
					.end = g.end, .response = g.response,
					.mask = mask, .response_len = response_len });
	code_seal(c);
	return g;
}

/* A signal at @off; differences from @pc, @landing and clearing by @mask. */
static unsigned int visit(struct gate *g, u32 off, u32 mask, u32 pc, u32 landing)
{
	static u32 seed;
	unsigned int wrong = 0;

	caught_reset();
	regs_fill(&in, ++seed);
	wrong += launch(g->code, g->launch, (u64)code_addr(g->code, off), SIGUSR1,
			&in, &out) != landing;
	want = in;
	regs_clear(&want, mask, false);
	wrong += caught->nr != 1;
	wrong += caught->pc != (u64)code_addr(g->code, pc);
	wrong += regs_diff(&caught->frame, &want, "frame");
	wrong += regs_diff_live(&caught->live, &want, "live");
	wrong += regs_diff(&out, &want, "after the handler");
	return wrong;
}

static void every_instruction(int layout)
{
	const u32 mask = REGS_CLEAR_VALID;
	struct gate g = make(mask, 16);
	u64 before;
	u32 off;

	for (off = g.start; off <= g.end; off += code_nop_len)
		is(visit(&g, off, 0, off, AFTER), 0,
		   "twin: at +%u the handler sees that pc, and everything", off - g.start);
	ok(caught->stack_secrets > 20 && caught->live_secrets > 8,
	   "twin: secrets are found in frame (%zu) and registers (%zu)",
	   caught->stack_secrets, caught->live_secrets);

	must(!code_register(g.code, layout));
	before = diverted(ESTP_INTERRUPT);
	for (off = g.start; off < g.end; off += code_nop_len) {
		is(visit(&g, off, mask, g.response, RESPONSE), 0,
		   "%s: at +%u the handler sees the response, and nothing else",
		   layout_names[layout], off - g.start);
		is(caught->stack_secrets + caught->live_secrets, 0, "no secret anywhere");
		is(caught->fault_words, 0, "no fault address, error code or trap number");
	}
	is(diverted(ESTP_INTERRUPT) - before, NOPS, "the kernel counted as many");
	is(visit(&g, g.end, 0, g.end, AFTER), 0, "at the first byte after, it sees that pc");
	is(diverted_all() - before, NOPS, "which is no diversion");
	code_free(g.code);
}

static void every_bit(int layout)
{
	unsigned int bit, tried = 0, wrong = 0;

	for (bit = 0; bit <= 32; bit++) {
		u32 mask = bit == 32 ? 0 : REGS_CLEAR_VALID & 1u << bit;
		struct gate g;

		if (bit < 32 && !mask)
			continue;
		g = make(mask, 1 + bit);		/* it goes on behind that, too */
		must(!code_register(g.code, layout));
		wrong += visit(&g, g.start, mask, g.response, RESPONSE);
		tried++;
		code_free(g.code);
	}
	is(wrong, 0, "%s: each of %u masks clears what it names, and nothing else",
	   layout_names[layout], tried);
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	catch_signal(SIGUSR1, 0);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		every_instruction(layouts[i]);
		every_bit(layouts[i]);
	}
}
