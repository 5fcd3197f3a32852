// SPDX-License-Identifier: MIT
/*
 * A response's code, followed until it leaves: for the span, or for where nobody can tell.
 */
#include <stdlib.h>
#include <string.h>

#include "check.h"

/*
 * A response that restarts does so soon.  What comes back to the start after more than
 * this is the program's own loop: it knows that the sequence has ended.
 */
#define FOLLOW_MAX	64

struct step {
	struct insn insn;
	u32 next[2];		/* steps */
	u32 span[2];		/* nodes of the span */
	struct regs live;
};

struct path {
	struct check *check;
	const struct span *span;
	struct response *response;
	struct step step[FOLLOW_MAX];
	u32 nr;
	u64 end;		/* of the response, if it has a length; else ~0 */
};

static u32 step_at(const struct path *path, u64 addr)
{
	u32 i;

	for (i = 0; i < path->nr; i++)
		if (path->step[i].insn.addr == addr)
			return i;
	return OUTSIDE;
}

/* What it reads of what was cleared cannot be told, then. */
static void not_known(struct path *path, u64 addr, const char *text)
{
	const struct sequence *s = path->span->sequence;

	if (path->end != ~0ull && addr >= s->seq.response && addr < path->end)
		report(path->check, ESTP_RULE_UNKNOWN, s, addr, "%s", text);
}

static void judge(struct path *path, const struct insn *insn)
{
	if (!insn->judged)
		not_known(path, insn->addr, "what this instruction does is not known to this tool");
}

/* The step at addr, made if there was none; OUTSIDE if it is not followed. */
static u32 add_step(struct path *path, u64 addr)
{
	u32 at = step_at(path, addr);
	const u8 *bytes;
	u64 len;

	if (at != OUTSIDE)
		return at;
	if (path->nr == FOLLOW_MAX) {
		path->response->left = true;
		return OUTSIDE;
	}
	bytes = object_bytes(path->check->object, addr, &len);
	if (!bytes || !decode(path->check->decoder, bytes, len, addr, &path->step[path->nr].insn)) {
		not_known(path, addr, "no instruction that this tool knows");
		path->response->left = true;
		return OUTSIDE;
	}
	judge(path, &path->step[path->nr].insn);
	return path->nr++;
}

static void lead(struct path *path, u32 from, u32 i, u64 addr, bool falls)
{
	const struct span *span = path->span;
	struct response *response = path->response;
	struct step *step = &path->step[from];
	u32 at = span_node(span, addr);

	if (falls && addr >= path->end)
		response->over = step->insn.addr;
	if (at != OUTSIDE) {
		if (addr == span->start)
			response->restarts = true;
		else
			response->resumes = true;
		if (span->node[at].insn.addr == addr)
			step->span[i] = at;
		/* It goes on there, within its length: how far is not followed. */
		if (addr < path->end && addr >= span->sequence->seq.response)
			response->left = true;
		return;
	}
	at = add_step(path, addr);
	path->step[from].next[i] = at;
}

static void follow(struct path *path)
{
	u32 n;

	for (n = 0; n < path->nr; n++) {
		struct step *step = &path->step[n];
		const struct insn *insn = &step->insn;
		u64 end = insn_end(insn);

		step->next[0] = step->next[1] = step->span[0] = step->span[1] = OUTSIDE;
		step->live = (struct regs) { 0 };
		if (path->end != ~0ull && insn->addr < path->end) {
			if (end > path->end)
				path->response->over = insn->addr;
			if (end > path->response->reach)
				path->response->reach = end;
		}
		switch (insn->flow) {
		case FLOW_BRANCH:
			lead(path, n, 1, insn->target, false);
			/* fall through */
		case FLOW_NEXT:
		case FLOW_CALL:
		case FLOW_CALL_INDIRECT:
			lead(path, n, 0, end, insn->addr < path->end);
			break;
		case FLOW_JUMP:
			lead(path, n, 0, insn->target, false);
			break;
		case FLOW_JUMP_INDIRECT:
			path->response->left = true;
			break;
		default:
			break;
		}
	}
}

/* What a call may change nobody reads after it; unless it is known to leave that alone. */
static void find_live(struct path *path, bool changing)
{
	bool changed = true;
	u32 n, i;

	while (changed) {
		changed = false;
		for (n = path->nr; n-- > 0;) {
			struct step *step = &path->step[n];
			struct regs live = { 0 }, old = step->live;

			for (i = 0; i < 2; i++) {
				const struct regs *more =
					step->span[i] != OUTSIDE ? &path->span->node[step->span[i]].live :
					step->next[i] != OUTSIDE ? &path->step[step->next[i]].live : NULL;

				if (more) {
					live.gpr |= more->gpr;
					live.other |= more->other;
				}
			}
			live = live_through(&step->insn, live);
			if (changing && (step->insn.flow == FLOW_CALL ||
					 step->insn.flow == FLOW_CALL_INDIRECT)) {
				live.gpr &= ~path->check->decoder->isa->call.gpr;
				live.other &= ~path->check->decoder->isa->call.other;
			}
			live.gpr |= step->insn.read.gpr;
			live.other |= step->insn.read.other;
			step->live = live;
			changed |= live.gpr != old.gpr || live.other != old.other;
		}
	}
}

void response_read(struct check *check, const struct span *span, struct response *response)
{
	const struct estp_sequence *seq = &span->sequence->seq;
	u32 at = span_node(span, seq->response);
	struct path *path;
	u32 n;

	*response = (struct response) { 0 };
	if (at != OUTSIDE && !seq->response_len) {
		response->restarts = seq->response == span->start;
		response->resumes = !response->restarts;
		response->live = response->kept = span->node[at].live;
		return;
	}
	path = tool_alloc(sizeof(*path));
	path->check = check;
	path->span = span;
	path->response = response;
	path->end = seq->response_len ? seq->response + seq->response_len : ~0ull;
	if (add_step(path, seq->response) != OUTSIDE) {
		follow(path);
		find_live(path, true);
		response->live = path->step[0].live;
		find_live(path, false);		/* these are no fewer */
		response->kept = path->step[0].live;
	}
	for (n = 0; n < span->nr; n++)
		judge(path, &span->node[n].insn);
	if (at != OUTSIDE) {
		/* It lies in its own span, and its length with it. */
		response->restarts = seq->response == span->start;
		response->resumes = !response->restarts;
		response->live = response->kept = span->node[at].live;
		response->left = true;
		response->over = 0;
	}
	free(path);
}
