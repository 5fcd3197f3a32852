// SPDX-License-Identifier: MIT
/*
 * The instructions of a span as a graph, and what is known at each of them.
 *
 * Code is followed from the start.  What is not reached that way (it may be entered from
 * elsewhere, or by an indirect jump) is decoded as it stands, as far as it decodes.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

#define SPAN_MAX	16384	/* bytes; a page has 4096 */

/* Decodes what stands at addr, if nothing was; false with a finding if it cannot. */
static bool add_node(struct check *check, struct span *span, u64 addr, bool first, bool sure)
{
	const struct sequence *s = span->sequence;
	struct node *node;
	const u8 *bytes;
	u64 len;
	u32 i;

	bytes = object_bytes(check->object, addr, &len);
	node = &span->node[span->nr];
	*node = (struct node) { .next = { OUTSIDE, OUTSIDE }, .first = first };
	if (!bytes || !decode(check->decoder, bytes, len, addr, &node->insn)) {
		if (sure)
			report(check, ESTP_RULE_UNKNOWN, s, addr,
			       "no instruction that this tool knows");
		return false;
	}
	if (insn_end(&node->insn) > span->end) {
		if (sure)
			report(check, ESTP_RULE_CUT, s, addr,
			       "the span's end, 0x%llx, lies inside this instruction",
			       (unsigned long long)span->end);
		return false;
	}
	for (i = 0; i < node->insn.len; i++)
		if (span->at[addr - span->start + i] != OUTSIDE) {
			if (sure)
				report(check, ESTP_RULE_UNKNOWN, s, addr,
				       "this instruction and another one overlap");
			return false;
		}
	if (sure && !node->insn.judged) {
		report(check, ESTP_RULE_UNKNOWN, s, addr,
		       "what this instruction does is not known to this tool");
		return false;
	}
	/* Inner bytes are marked too: a jump there is no jump to an instruction. */
	for (i = 0; i < node->insn.len; i++)
		span->at[addr - span->start + i] = span->nr;
	span->nr++;
	return true;
}

static u32 targets(const struct insn *insn, u64 to[2])
{
	u32 nr = 0;

	switch (insn->flow) {
	case FLOW_BRANCH:
		to[nr++] = insn->target;
		/* fall through */
	case FLOW_NEXT:
	case FLOW_CALL:
	case FLOW_CALL_INDIRECT:
		to[nr++] = insn_end(insn);
		break;
	case FLOW_JUMP:
		to[nr++] = insn->target;
		break;
	default:
		break;
	}
	return nr;
}

/* Follows all paths from addr that stay in the span. */
static bool follow(struct check *check, struct span *span, u64 addr, bool first, bool sure)
{
	u32 done = span->nr;

	if (!add_node(check, span, addr, first, sure))
		return false;
	for (; done < span->nr; done++) {
		u64 to[2];
		u32 i, nr = targets(&span->node[done].insn, to);

		for (i = 0; i < nr; i++) {
			u32 at = span_node(span, to[i]);

			if (to[i] < span->start || to[i] >= span->end ||
			    (at != OUTSIDE && span->node[at].insn.addr == to[i]))
				continue;
			if (!add_node(check, span, to[i], first, sure))
				return false;
		}
	}
	return true;
}

static void connect(struct span *span)
{
	u32 n, i;

	for (n = 0; n < span->nr; n++) {
		struct node *node = &span->node[n];
		u64 to[2];
		u32 nr = targets(&node->insn, to);

		for (i = 0; i < nr; i++)
			node->next[i] = span_node(span, to[i]);
	}
}

/* ---- Which registers are read later, before they are written ------------------------ */

static bool add_regs(struct regs *to, struct regs more)
{
	struct regs old = *to;

	to->gpr |= more.gpr;
	to->other |= more.other;
	return to->gpr != old.gpr || to->other != old.other;
}

static void find_live(struct span *span)
{
	bool changed = true;
	u32 n, i;

	while (changed) {
		changed = false;
		for (n = span->nr; n-- > 0;) {
			struct node *node = &span->node[n];
			struct regs live = { 0 };

			for (i = 0; i < 2; i++)
				if (node->next[i] != OUTSIDE)
					add_regs(&live, span->node[node->next[i]].live);
			live = live_through(&node->insn, live);
			add_regs(&live, node->insn.read);
			changed |= add_regs(&node->live, live);
		}
	}
}

/* ---- What the registers hold, as far as addresses can be compared ------------------- */

#define WRITTEN(n, reg)		(64u + (n) * 64u + (reg))	/* by node n */
#define JOINED(n, reg)		(64u + (n) * 64u + 32u + (reg))	/* differs by path, at node n */

static void after(const struct isa *isa, const struct node *node, u32 n, struct value *value)
{
	const struct insn *insn = &node->insn;
	bool call = insn->flow == FLOW_CALL || insn->flow == FLOW_CALL_INDIRECT;
	u32 reg;

	memcpy(value, node->value, isa->gprs * sizeof(*value));
	for (reg = 0; reg < isa->gprs; reg++)
		if (insn->write.gpr & all_of(isa, reg) || call)
			value[reg] = (struct value) { WRITTEN(n, reg), 0 };
	if (insn->effect == EFFECT_COPY) {
		value[insn->to] = node->value[insn->from];
		value[insn->to].plus += (u64)insn->by;
	} else if (insn->effect == EFFECT_CONSTANT) {
		value[insn->to] = (struct value) { 0, insn->by };
	}
}

/*
 * Is the stack pointer, after this instruction, perhaps no longer on the thread's own stack?
 * Unlike its value this can be told where paths meet, and where code is entered from elsewhere.
 */
static bool moves_stack(const struct isa *isa, const struct node *node)
{
	const struct insn *insn = &node->insn;

	if (!(insn->write.gpr & all_of(isa, isa->stack)) ||
	    insn->flow == FLOW_CALL || insn->flow == FLOW_CALL_INDIRECT)	/* it is back then */
		return node->stack_moved;
	if (insn->effect != EFFECT_COPY || insn->to != isa->stack)
		return true;
	return insn->from == isa->stack ? node->stack_moved :
	       node->value[insn->from].which != INITIAL(isa->stack);
}

static bool join(const struct isa *isa, struct node *to, u32 n, const struct value *value)
{
	bool changed = false;
	u32 reg;

	if (!to->valued) {
		memcpy(to->value, value, isa->gprs * sizeof(*value));
		to->valued = true;
		return true;
	}
	for (reg = 0; reg < isa->gprs; reg++) {
		struct value *old = &to->value[reg];

		if (old->which == JOINED(n, reg) ||
		    (old->which == value[reg].which && old->plus == value[reg].plus))
			continue;
		*old = (struct value) { JOINED(n, reg), 0 };
		changed = true;
	}
	return changed;
}

static void find_values(const struct isa *isa, struct span *span)
{
	struct value value[GPR_MAX];
	bool changed = true;
	u32 n, i, reg;

	for (n = 0; n < span->nr; n++) {
		if (n && span->node[n].first)
			continue;
		/* The start; and what is entered from elsewhere, with registers of its own. */
		for (reg = 0; reg < isa->gprs; reg++)
			value[reg] = (struct value) { n ? JOINED(n, reg) : INITIAL(reg), 0 };
		join(isa, &span->node[n], n, value);
	}
	while (changed) {
		changed = false;
		for (n = 0; n < span->nr; n++) {
			struct node *node = &span->node[n];

			if (!node->valued)
				continue;
			after(isa, node, n, value);
			for (i = 0; i < 2; i++)
				if (node->next[i] != OUTSIDE) {
					struct node *next = &span->node[node->next[i]];

					changed |= join(isa, next, node->next[i], value);
					if (!next->stack_moved && moves_stack(isa, node))
						changed = next->stack_moved = true;
				}
		}
	}
}

static struct value value_of(const struct node *node, u8 reg)
{
	return reg == REG_NONE ? (struct value) { 0, 0 } : node->value[reg];
}

bool same_place(const struct node *a, const struct memory *x, const struct node *b,
		const struct memory *y)
{
	struct value xb = value_of(a, x->base), yb = value_of(b, y->base);
	struct value xi = value_of(a, x->index), yi = value_of(b, y->index);
	u64 from, to;

	if (x->segment != y->segment || x->vector || y->vector || xb.which != yb.which ||
	    xi.which != yi.which || (xi.which && x->scale != y->scale))
		return false;
	/* What is widened may have wrapped before. */
	if (x->extend != y->extend || (x->extend && xi.plus != yi.plus))
		return false;
	from = x->disp + (u64)xb.plus + (u64)xi.plus * x->scale;
	to = y->disp + (u64)yb.plus + (u64)yi.plus * y->scale;
	/* Either begins within the other. */
	if (to - from < x->len || from - to < y->len)
		return true;
	/* Or what goes on reaches the other; from a constant address it would reach all variables. */
	return xb.which && ((x->onward && (s64)(to - from) >= 0) ||
			    (y->onward && (s64)(from - to) >= 0));
}

/* ---- All of it ------------------------------------------------------------------------ */

void span_free(struct span *span)
{
	free(span->node);
	free(span->at);
	*span = (struct span) { 0 };
}

bool span_read(struct check *check, const struct sequence *s, struct span *span)
{
	u64 len = s->seq.length, off;

	*span = (struct span) {
		.sequence = s, .start = s->seq.start, .end = sequence_end(s),
	};
	if (len > SPAN_MAX) {
		report(check, ESTP_RULE_UNKNOWN, s, s->seq.start,
		       "a span of %llu bytes is too long to be judged", (unsigned long long)len);
		return false;
	}
	/* One more: a node that turns out to be none is written there first. */
	span->node = tool_alloc((len + 1) * sizeof(*span->node));
	span->at = tool_alloc(len * sizeof(*span->at));
	memset(span->at, 0xff, len * sizeof(*span->at));
	if (!follow(check, span, span->start, true, true))
		return false;
	for (off = 0; off < len; off++)
		if (span->at[off] == OUTSIDE)
			follow(check, span, span->start + off, false, false);
	connect(span);
	find_live(span);
	find_values(check->decoder->isa, span);
	return true;
}
