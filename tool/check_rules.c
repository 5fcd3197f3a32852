// SPDX-License-Identifier: MIT
/*
 * The rules on one sequence's code.
 *
 * Where a response restarts the sequence, the second run has to do what the first one
 * would have: it finds the registers and the memory that the first run left at any
 * instruction before the commit.  The commit is whatever leads out of the span: after it
 * the thread is in the span no more, and nothing is run twice.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

struct judged {
	struct check *check;
	const struct isa *isa;
	const struct sequence *s;
	struct span span;
	struct response response;
	struct regs masked;	/* what an INTERRUPT clears before the response */
};

static bool marked(const struct check *check, const struct insn *insn, u8 kind)
{
	const struct mark *mark;
	u32 i = 0;

	while ((mark = object_mark(check->object, insn->addr, insn->addr + 1, &i)))
		if (mark->kind == kind)
			return true;
	return false;
}

/* ---- Any sequence ---------------------------------------------------------------- */

static void check_transfers(struct judged *j)
{
	u32 n;

	for (n = 0; n < j->span.nr; n++) {
		const struct node *node = &j->span.node[n];
		const struct insn *insn = &node->insn;
		bool last = insn_end(insn) == j->span.end;

		if (insn->syscall && j->s->seq.selector != ESTP_INTERRUPT)
			report(j->check, ESTP_RULE_SYSCALL, j->s, insn->addr,
			       "a system call in a %s span", selector_name(j->s->seq.selector));
		else if (insn->syscall && !last)
			report(j->check, ESTP_RULE_SYSCALL, j->s, insn->addr,
			       "a system call that is not the last instruction of the span");
		switch (insn->flow) {
		case FLOW_CALL:
		case FLOW_CALL_INDIRECT:
			report(j->check, ESTP_RULE_CALL, j->s, insn->addr,
			       "a call: what it runs is not in the span");
			break;
		case FLOW_JUMP_INDIRECT:
			report(j->check, ESTP_RULE_INDIRECT, j->s, insn->addr,
			       "an indirect jump: where it leads cannot be judged");
			break;
		case FLOW_RETURN:
			/* By a register alone: no FAULT, and the span is over. */
			if (!(insn->read.gpr & all_of(j->isa, j->isa->stack))) {
				if (j->s->seq.selector != ESTP_FAULT)
					report(j->check, ESTP_RULE_INDIRECT, j->s, insn->addr,
					       "a return: the span should end before it");
				break;
			}
			report(j->check, ESTP_RULE_INDIRECT, j->s, insn->addr,
			       "a return: the span holds the stack's work, too");
			break;
		default:
			break;
		}
		if (marked(j->check, insn, ESTP_MARK_COMMIT) && node_stays(node) &&
		    j->s->seq.selector != ESTP_FAULT)
			report(j->check, ESTP_RULE_COMMIT, j->s, insn->addr,
			       "the commit is not the last instruction: the span goes on after it");
	}
}

/* ---- A sequence that restarts ------------------------------------------------------ */

static void check_inputs(struct judged *j)
{
	struct regs input = j->span.node[0].live;
	u32 n;

	/* What the response sets itself, and what is 0 by then, is not handed on. */
	input.gpr &= j->response.kept.gpr & ~j->masked.gpr;
	input.other &= j->response.kept.other & ~j->masked.other;
	for (n = 0; n < j->span.nr; n++) {
		const struct node *node = &j->span.node[n];
		struct regs lost = {
			.gpr = node->insn.write.gpr & input.gpr,
			.other = node->insn.write.other & input.other,
		};
		char text[256];

		if (!node_stays(node))
			continue;
		/* It is back when the call is. */
		if (node->insn.flow == FLOW_CALL || node->insn.flow == FLOW_CALL_INDIRECT)
			lost.gpr &= ~all_of(j->isa, j->isa->stack);
		if (lost.gpr || lost.other)
			report(j->check, ESTP_RULE_INPUT, j->s, node->insn.addr,
			       "overwrites %s before the commit, which the sequence reads when it starts again",
			       regs_text(j->isa, &lost, text, sizeof(text)));
	}
}

/* Is all that y accesses at b written by x at a? */
static bool covers(const struct node *a, const struct memory *x, const struct node *b,
		   const struct memory *y)
{
	struct memory all = *x, first = *y, last = *y;

	if (y->beyond || y->onward || x->len < y->len || !same_place(a, &all, b, y))
		return false;
	first.len = 1;
	last.disp += y->len - 1;
	last.len = 1;
	return same_place(a, &all, b, &first) && same_place(a, &all, b, &last);
}

static bool writes_over(const struct node *node, const struct node *at,
			const struct memory *place)
{
	const struct memory *memory = node->insn.memory;
	u32 i;

	for (i = 0; i < node->insn.memory_nr; i++)
		if (memory[i].write && !memory[i].read && !memory[i].partly &&
		    covers(node, &memory[i], at, place))
			return true;
	return false;
}

/* Does the load find what was there before the start, on some path? The place is as @at has it. */
static bool exposed(const struct span *span, u32 load, u32 at, const struct memory *place)
{
	u8 *seen = tool_alloc(span->nr);
	u32 *todo = tool_alloc(span->nr * sizeof(*todo)), nr = 0, i, k;
	bool found = !span->node[load].first;

	seen[0] = 1;
	todo[nr++] = 0;
	for (i = 0; i < nr && !found; i++) {
		const struct node *node = &span->node[todo[i]];

		if (todo[i] == load) {
			found = true;
			break;
		}
		if (writes_over(node, &span->node[at], place))
			continue;
		for (k = 0; k < 2; k++)
			if (node->next[k] != OUTSIDE && !seen[node->next[k]]) {
				seen[node->next[k]] = 1;
				todo[nr++] = node->next[k];
			}
	}
	free(seen);
	free(todo);
	return found;
}

/* The instruction that would read, in a second run, what this store left; or NULL. */
static const struct insn *read_again(const struct span *span, u32 store,
				     const struct memory *place)
{
	u32 n, i;

	for (n = 0; n < span->nr; n++) {
		const struct node *node = &span->node[n];

		for (i = 0; n != store && i < node->insn.memory_nr; i++) {
			const struct memory *load = &node->insn.memory[i];
			bool part = load->onward;	/* of it, what is stored */

			if (load->read && same_place(&span->node[store], place, node, load) &&
			    exposed(span, n, part ? store : n, part ? place : load))
				return &node->insn;
		}
	}
	return NULL;
}

static bool on_own_stack(const struct isa *isa, const struct node *node,
			 const struct memory *memory)
{
	return (memory->base == isa->stack && !node->stack_moved) ||
	       (memory->base != REG_NONE && node->value[memory->base].which == INITIAL(isa->stack));
}

static void check_store(struct judged *j, u32 n, const struct memory *memory)
{
	const struct node *node = &j->span.node[n];
	const struct insn *insn = &node->insn, *again;

	if (!node_stays(node)) {
		if (insn->repeated)
			report(j->check, ESTP_RULE_STORE, j->s, insn->addr,
			       "a repeated store is no commit: it can be interrupted in its middle");
		return;
	}
	if (marked(j->check, insn, ESTP_MARK_COMMIT))
		return;		/* another rule's */
	if (memory->read && exposed(&j->span, n, n, memory)) {
		report(j->check, ESTP_RULE_MODIFY, j->s, insn->addr,
		       "a read-modify-write before the commit: a restart does it twice");
		return;
	}
	again = read_again(&j->span, n, memory);
	if (again)
		report(j->check, ESTP_RULE_REREAD, j->s, insn->addr,
		       "a store before the commit, to what the instruction at 0x%llx reads when the sequence starts again",
		       (unsigned long long)again->addr);
	else if (!marked(j->check, insn, ESTP_MARK_UNPUBLISHED) && !on_own_stack(j->isa, node, memory))
		report(j->check, ESTP_RULE_STORE, j->s, insn->addr,
		       "a store before the commit, not marked as one to unpublished memory");
}

static void check_stores(struct judged *j)
{
	u32 n, i;

	for (n = 0; n < j->span.nr; n++)
		for (i = 0; i < j->span.node[n].insn.memory_nr; i++)
			if (j->span.node[n].insn.memory[i].write)
				check_store(j, n, &j->span.node[n].insn.memory[i]);
}

/* Depth first; an edge to a node that is still open closes a loop. */
static void check_loops(struct judged *j)
{
	enum { NEW, OPEN, DONE };
	u8 *state = tool_alloc(j->span.nr);
	struct { u32 node; u32 next; } *stack = tool_alloc((j->span.nr + 1) * sizeof(*stack));
	u32 root, depth = 0;

	for (root = 0; root < j->span.nr; root++) {
		if (state[root] != NEW)
			continue;
		stack[depth].node = root;
		stack[depth++].next = 0;
		state[root] = OPEN;
		while (depth) {
			const struct node *node = &j->span.node[stack[depth - 1].node];
			u32 to;

			if (stack[depth - 1].next == 2) {
				state[stack[--depth].node] = DONE;
				continue;
			}
			to = node->next[stack[depth - 1].next++];
			if (to == OUTSIDE)
				continue;
			if (state[to] == OPEN)
				report(j->check, ESTP_RULE_LOOP, j->s, node->insn.addr,
				       "a loop: it has to end before the thread's time does");
			if (state[to] == NEW) {
				state[to] = OPEN;
				stack[depth].node = to;
				stack[depth++].next = 0;
			}
		}
	}
	for (root = 0; root < j->span.nr; root++)
		if (j->span.node[root].insn.repeated)
			report(j->check, ESTP_RULE_LOOP, j->s, j->span.node[root].insn.addr,
			       "a repeated instruction: it has to end before the thread's time does");
	free(stack);
	free(state);
}

static void check_restart(struct judged *j)
{
	check_inputs(j);
	check_stores(j);
	check_loops(j);
	if (j->span.nr > j->check->insn_max)
		report(j->check, ESTP_RULE_LONG, j->s, j->span.start,
		       "%u instructions are many: a span that takes longer than a time slice restarts for ever",
		       j->span.nr);
}

/* ---- INTERRUPT ------------------------------------------------------------------------ */

static void check_interrupt(struct judged *j)
{
	const struct estp_sequence *seq = &j->s->seq;
	const struct response *response = &j->response;
	u64 end = seq->response + seq->response_len;
	struct regs regs;
	char text[256];

	if (response->over)
		report(j->check, ESTP_RULE_LENGTH, j->s, response->over,
		       "the response's length, %u, ends here, and its code runs on",
		       seq->response_len);
	else if (!response->left && response->reach < end)
		report(j->check, ESTP_RULE_LENGTH, j->s, seq->response,
		       "the response's length is %u, its code's only %llu", seq->response_len,
		       (unsigned long long)(response->reach - seq->response));

	regs.gpr = response->live.gpr & j->masked.gpr;
	regs.other = response->live.other & j->masked.other;
	if (regs.gpr || regs.other)
		report(j->check, ESTP_RULE_MASKED, j->s, seq->response,
		       "the response reads %s, which the mask has cleared",
		       regs_text(j->isa, &regs, text, sizeof(text)));

	/* A mask of nothing protects nothing; and what the response needs has to stay. */
	if (!seq->clear_mask)
		return;
	regs.gpr = j->span.node[0].live.gpr & ~j->masked.gpr & ~response->live.gpr &
		   ~all_of(j->isa, j->isa->stack);
	regs.other = j->span.node[0].live.other & j->isa->fp & ~j->masked.other &
		     ~response->live.other;
	if (regs.gpr || regs.other)
		report(j->check, ESTP_RULE_UNMASKED, j->s, j->span.start,
		       "%s: live at the start, not cleared, and the response does not need it",
		       regs_text(j->isa, &regs, text, sizeof(text)));
}

/* ---- PREEMPTION without restart --------------------------------------------------------- */

static void check_half_done(struct judged *j)
{
	u32 n, i;

	/* From outside it would be a jump into the middle: another rule's. */
	if (span_node(&j->span, j->s->seq.response) != OUTSIDE) {
		report(j->check, ESTP_RULE_HALF_DONE, j->s, j->s->seq.response,
		       "the response goes on in the middle of the span, with what was read before");
		return;
	}
	for (n = 0; n < j->span.nr; n++) {
		const struct node *node = &j->span.node[n];

		for (i = 0; i < node->insn.memory_nr; i++)
			if (node->insn.memory[i].write && node_stays(node) &&
			    !marked(j->check, &node->insn, ESTP_MARK_UNPUBLISHED) &&
			    !on_own_stack(j->isa, node, &node->insn.memory[i])) {
				report(j->check, ESTP_RULE_HALF_DONE, j->s, node->insn.addr,
				       "a store before the commit: the response, which starts nothing anew, cannot know whether it was made");
				return;
			}
	}
}

void check_sequence(struct check *check, const struct sequence *s)
{
	struct judged j = { .check = check, .isa = check->decoder->isa, .s = s };
	const struct estp_sequence *seq = &s->seq;

	if (s->refused || !check_mapped(check, s))
		return;
	if (seq->selector == ESTP_FAULT && seq->response - seq->start < seq->length)
		report(check, ESTP_RULE_OWN_SPAN, s, seq->response,
		       "the response to a FAULT lies in the span itself: it may fault again, for ever");
	if (span_read(check, s, &j.span)) {
		response_read(check, &j.span, &j.response);
		j.masked = regs_of_mask(j.isa, seq->clear_mask);
		check_transfers(&j);
		if (seq->selector == ESTP_INTERRUPT)
			check_interrupt(&j);
		/*
		 * The response to a FAULT knows what was done: all before the instruction that
		 * faults. It may come back to the start to go on from there.
		 */
		if (seq->selector != ESTP_FAULT && j.response.restarts)
			check_restart(&j);
		if (seq->selector == ESTP_PREEMPTION && !j.response.restarts)
			check_half_done(&j);
	}
	span_free(&j.span);
}
