// SPDX-License-Identifier: MIT
/*
 * TAB-5, TAB-8, FLT-11, FLT-12, PAGE-10: an entry whose causes do not hold the
 * fault's is passed over: the next entry that does decides, then the page's
 * descriptors, and if none does the fault becomes its signal.
 *
 * Method: for each kind of fault the instruction is covered by several FAULT
 * entries with all sets of causes 1..15, one set at a time, alone; then by a stack of
 * entries for one cause each; then by such a stack without the right one, above a
 * page's descriptor, which means all four.
 */
#include "faults.h"

#define HANDLED		0x100
#define BY_PAGE		0x200

static struct regs in, out;
static struct code *code;
static u32 handled;

static u8 cause_of(const struct fault_kind *k)
{
	switch (k->sig) {
	case SIGSEGV:
		return ESTP_CAUSE_SEGV;
	case SIGBUS:
		return ESTP_CAUSE_BUS;
	case SIGILL:
		return ESTP_CAUSE_ILL;
	default:
		return ESTP_CAUSE_FPE;
	}
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, handled));
}

static u32 run(const struct fault_kind *k, u32 entry)
{
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)k->arg());
	code_reset(code);
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

void test(void)
{
	unsigned int i, causes, bit;

	need_estp_and_counters();
	caught_hook = recover;
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		const struct fault_kind *k = &fault_kinds[i];
		u32 start, end, land[16], by_page, right = 0, wrong = 0, intact = 0;
		u8 cause = cause_of(k);
		struct table t;

		code = code_new(1);
		start = emit_nop(code);
		k->emit(code);
		end = code->at;
		emit_land(code, 0xbad);
		for (causes = 0; causes < ARRAY_LEN(land); causes++)
			land[causes] = emit_land(code, 0x10 + causes);
		by_page = emit_land(code, BY_PAGE);
		handled = emit_land(code, HANDLED);
		code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
						   .end = end, .response = by_page });
		code_seal(code);
		catch_signal(k->sig, 0);

		/* One entry, every set of causes: the same key each time, so it is replaced. */
		for (causes = 1; causes <= ESTP_CAUSE_PAGE; causes++) {
			u32 expected = causes & cause ? 0x10 + causes : HANDLED;

			table_init(&t, code->base);
			table_add(&t, ESTP_FAULT, code_addr(code, start), end - start,
				  code_addr(code, land[causes]))->causes = causes;
			must(!table_register(&t));
			table_free(&t);
			caught_reset();
			if (run(k, start) == expected && caught->nr == (expected == HANDLED))
				right++;
			else
				wrong++;
			intact += expected == HANDLED || !regs_diff(&out, &in, "after the fault");
		}
		ok(right == 15 && !wrong, "%s: exactly the 8 sets that hold its cause divert", k->name);
		is(intact, 15, "no register changed");
		must(!code_unregister(code));

		/* One entry a cause, of different lengths: order puts SEGV first. */
		table_init(&t, code->base);
		for (bit = 0; bit < 4; bit++)
			table_add(&t, ESTP_FAULT, code_addr(code, start), end - start + bit * INSN_ALIGN,
				  code_addr(code, land[bit]))->causes = 1u << bit;
		must(!table_register(&t));
		caught_reset();
		is(run(k, start), 0x10 + __builtin_ctz(cause), "%s: of four entries the one for its cause decides",
		   k->name);
		is(caught->nr, 0, "no handler ran");
		must(!code_unregister(code));
		table_free(&t);

		/* The page's descriptor comes after all entries, and means all four. */
		table_init(&t, code->base);
		for (bit = 0; bit < 4; bit++)
			if (1u << bit != cause)
				table_add(&t, ESTP_FAULT, code_addr(code, start), end - start + bit * INSN_ALIGN,
					  code_addr(code, land[bit]))->causes = 1u << bit;
		must(!table_register(&t));
		caught_reset();
		is(run(k, start), HANDLED, "%s: without an entry for it the handler runs", k->name);
		is(caught->nr, 1, "once");
		must(!code_register(code, ESTP_LAYOUT_PAGE));
		caught_reset();
		is(run(k, start), BY_PAGE, "%s: with a descriptor under them that decides", k->name);
		is(caught->nr, 0, "no handler ran");
		must(!code_unregister(code));
		table_free(&t);
		code_free(code);
	}
}
