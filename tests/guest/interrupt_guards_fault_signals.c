// SPDX-License-Identifier: MIT
/*
 * INT-7, INT-8, INT-9, LIM-12: a fault in an INTERRUPT span that no FAULT matches is
 * delivered as if it had happened at the response: pc, si_addr, registers; fault
 * address, error code and trap number read 0. si_code stays.
 *
 * Method: one instruction of each kind faults in the span, with secrets in all
 * registers. The handler lets the thread go on at the response, which it comes to
 * by itself. The twin's handler reads pc, address and secrets.
 */
#include "faults.h"

#define RESPONSE	1
#define RECOVERED	2

static struct regs in, out, want;

struct gate {
	struct code *code;
	u32 entry, response, recovered;
};
static struct gate *current_gate;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (frame_pc(uc) != (u64)code_addr(current_gate->code, current_gate->response))
		frame_set_pc(uc, (u64)code_addr(current_gate->code, current_gate->recovered));
}

static struct gate make(const struct fault_kind *k, u32 *start)
{
	struct code *c = code_new(1);
	struct gate g = { .code = c };
	u32 end;

	g.entry = emit_nop(c);
	*start = k->emit(c);
	end = c->at;
	emit_land(c, 0xbad);
	emit_prefix(c);
	g.response = emit_land(c, RESPONSE);
	g.recovered = emit_land(c, RECOVERED);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = g.entry,
					.end = end, .response = g.response,
					.mask = REGS_CLEAR_VALID });
	code_seal(c);
	return g;
}

static void run(const struct fault_kind *k, struct gate *g)
{
	current_gate = g;
	catch_signal(k->sig, 0);
	caught_reset();
	code_reset(g->code);
	regs_fill(&in, 3);
	regs_set_arg(&in, (u64)k->arg());
	regs_run(&in, &out, code_addr(g->code, g->entry));
}

void test(void)
{
	unsigned int i, l;

	need_estp_and_counters();
	caught_hook = recover;
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		const struct fault_kind *k = &fault_kinds[i];
		struct gate g;
		u32 start;
		u64 before;

		for (l = 0; l < ARRAY_LEN(layouts); l++) {
			g = make(k, &start);
			must(!code_register(g.code, layouts[l]));
			before = diverted(ESTP_INTERRUPT);
			run(k, &g);
			is(g.code->data->landed, RESPONSE, "%s, %s: goes on at the response",
			   k->name, layout_names[l]);
			is(caught->sig, k->sig, "the signal is the same");
			is(caught->info.si_code, k->si_code, "its si_code, too");
			is(caught->pc, (u64)code_addr(g.code, g.response), "pc is the response");
			is((u64)caught->info.si_addr, (u64)code_addr(g.code, g.response),
			   "si_addr is the response");
			is(caught->fault_words, 0, "fault address, error code, trap number are 0");
			is(caught->stack_secrets + caught->live_secrets, 0, "no secret anywhere");
			want = in;
			regs_clear(&want, REGS_CLEAR_VALID, false);
			is(regs_diff(&caught->frame, &want, "frame"), 0, "masked registers are 0");
			is(regs_diff(&out, &want, "thread"), 0, "for the thread, too");
			is(diverted(ESTP_INTERRUPT) - before, 1, "the kernel counted it");
			code_free(g.code);
		}
		g = make(k, &start);
		run(k, &g);
		is(g.code->data->landed, RECOVERED, "twin, %s: the handler decides", k->name);
		is(caught->pc, (u64)code_addr(g.code, start), "twin: pc is the instruction");
		is((u64)caught->info.si_addr,
		   k->si_code == SI_KERNEL ? 0 :
		   k->emit == emit_load || k->emit == emit_store ?
		   regs_arg(&in) : (u64)code_addr(g.code, start), "twin: si_addr is true");
		ok(k->no_words || caught->fault_words, "twin: address, error code or trap number are there");
		ok(caught->stack_secrets > 20, "twin: so are the secrets");
		code_free(g.code);
	}
}
