// SPDX-License-Identifier: MIT
/*
 * PAGE-6, PAGE-9, TAB-7, TAB-8, TAB-9, EVT-1: of the sequences of one selector that
 * hold the pc the first in order decides: in a page the lowest descriptor; among
 * entries the lowest start, then the shortest; entries before descriptors.
 *
 * Method: spans at random over a field of instructions, in a page, in tables, and in
 * both. Each instruction of the field is visited with an event of each selector (a
 * signal for PREEMPTION and INTERRUPT, an illegal instruction for FAULT), and
 * where the thread comes out is compared with a model that just looks through the
 * list. Instructions that no span holds must show their own pc.
 */
#include "harness.h"

#define FIELD		20	/* instructions */
#define SPANS		8
#define ROUNDS		6
#define NOWHERE		0x100
#define RESPONSE(i)	(0x10 + (i))

static struct regs in, out;
static struct code *code;
static u32 launch_off, field, insn_len, none, response[SPANS];
static u32 random_state = 12345;

struct span {
	u32 start, end;
	unsigned int response;
	bool in_page;
};

static u32 any(u32 below)
{
	random_state = random_state * 1664525 + 1013904223;
	return (random_state >> 16) % below;
}

/* Order of two spans of one layout, as the kernel has to see it. */
static bool before(const struct span *a, const struct span *b)
{
	if (a->in_page != b->in_page)
		return b->in_page;
	if (a->start != b->start)
		return a->start < b->start;
	if (a->end != b->end)
		return a->end < b->end;
	return response[a->response] < response[b->response];
}

static u32 model(const struct span *spans, u32 off)
{
	const struct span *best = NULL;
	int i;

	for (i = 0; i < SPANS; i++)
		if (off >= spans[i].start && off < spans[i].end &&
		    (!best || before(&spans[i], best)))
			best = &spans[i];
	return best ? RESPONSE(best->response) : NOWHERE;
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (sig == SIGILL)
		frame_set_pc(uc, (u64)code_addr(code, none));
}

/* @page_part: how many of the spans go to the page; the others are entries. */
static void make(int selector, unsigned int page_part, struct span *spans)
{
	struct table t;
	int i, k;

	code = code_new(1);
	launch_off = emit_launch(code);
	field = code->at;
	for (i = 0; i < FIELD; i++)
		if (selector == ESTP_FAULT)
			emit_illegal(code);
		else
			emit_nop(code);
	insn_len = (code->at - field) / FIELD;
	none = emit_land(code, NOWHERE);
	for (i = 0; i < SPANS; i++) {
		emit_prefix(code);
		response[i] = emit_land(code, RESPONSE(i));
	}
	for (i = 0; i < SPANS; i++) {
again:
		spans[i].start = field + insn_len * any(FIELD);
		spans[i].end = spans[i].start + insn_len * (1 + any(FIELD / 2));
		spans[i].response = i;
		spans[i].in_page = (unsigned int)i < page_part;
		/* The same span twice would be one key; in a page, two responses. */
		for (k = 0; k < i; k++)
			if (spans[k].start == spans[i].start && spans[k].end == spans[i].end)
				goto again;
		if (spans[i].in_page)
			code_describe(code, (struct seq) { .selector = selector,
							   .start = spans[i].start, .end = spans[i].end,
							   .response = response[i] });
	}
	code_seal(code);
	if (page_part)
		must(!code_register(code, ESTP_LAYOUT_PAGE));
	/* Entries come in two tables, to see that they accumulate. */
	for (k = 0; k < 2; k++) {
		table_init(&t, code->base);
		for (i = 0; i < SPANS; i++)
			if (!spans[i].in_page && i % 2 == k)
				table_add(&t, selector, code_addr(code, spans[i].start),
					  spans[i].end - spans[i].start,
					  code_addr(code, response[i]));
		if (t.nr)
			must(!table_register(&t));
		table_free(&t);
	}
}

/* Where an event at @off leads. */
static u32 visit(int selector, u32 off)
{
	caught_reset();
	code_reset(code);
	if (selector == ESTP_FAULT) {
		regs_run(&in, &out, code_addr(code, off));
		return code->data->landed;
	}
	return launch(code, launch_off, (u64)code_addr(code, off), SIGUSR1, &in, &out);
}

static void part(int selector, unsigned int page_part, const char *name)
{
	static const char *const names[] = { "PREEMPTION", "INTERRUPT", "FAULT" };
	unsigned int round, i, wrong = 0, held = 0, visited = 0, overlaps = 0;
	struct span spans[SPANS];

	for (round = 0; round < ROUNDS; round++) {
		make(selector, page_part, spans);
		for (i = 0; i < FIELD; i++) {
			u32 off = field + i * insn_len, want = model(spans, off);
			unsigned int k, holding = 0;

			for (k = 0; k < SPANS; k++)
				holding += off >= spans[k].start && off < spans[k].end;
			overlaps += holding > 1;
			held += want != NOWHERE;
			visited++;
			if (visit(selector, off) == want)
				continue;
			diag("round %u, instruction %u: landed %#x, should be %#x", round, i,
			     code->data->landed, want);
			wrong++;
		}
		must(!code_unregister(code));
		code_free(code);
	}
	is(wrong, 0, "%s, %s: %u instructions, %u in a span, %u in several", names[selector],
	   name, visited, held, overlaps);
	ok(held && held < visited && overlaps, "there were some of each");
}

void test(void)
{
	int selector;

	need_estp_and_counters();
	catch_signal(SIGUSR1, 0);
	catch_signal(SIGILL, 0);
	caught_hook = recover;
	regs_fill(&in, 1);
	for (selector = 0; selector < ESTP_SELECTOR_NR; selector++) {
		part(selector, SPANS, "page");
		part(selector, 0, "tables");
		part(selector, SPANS / 2, "page and tables");
	}
}
