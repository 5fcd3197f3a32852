/* SPDX-License-Identifier: MIT */
/*
 * estp check: a sequence is decoded into a graph of its instructions (check_span.c), what
 * its response does with it is followed (check_response.c), and rules look at both
 * (check_rules.c).  Rules that need no code are in check_object.c, those that need all code
 * in check_entry.c.
 */
#ifndef ESTP_TOOL_CHECK_H
#define ESTP_TOOL_CHECK_H

#include "insn.h"
#include "object.h"
#include "rules.h"

struct finding {
	u8 rule;
	bool waived;
	u64 addr;
	const struct sequence *sequence;	/* or NULL: of no single one */
	char *text;
};

struct check {
	struct object *object;
	struct decoder *decoder;
	struct finding *finding;
	u32 finding_nr;
	bool dropped;		/* there were more */
	u32 insn_max;		/* beyond that a span that restarts is called long */
};

/* One finding; said twice of one address it counts once. */
void report(struct check *check, u8 rule, const struct sequence *sequence, u64 addr,
	    const char *format, ...) __attribute__((format(printf, 5, 6)));

/* ---- check_span.c ---------------------------------------------------------------- */

/* A value that a general register has: which of unknown ones, and how far from it. */
struct value {
	u32 which;		/* 0: the constant `plus` itself */
	s64 plus;
};

#define INITIAL(reg)	(1u + (reg))	/* which: what the register held at the start */

#define OUTSIDE		0xffffffffu

struct node {
	struct insn insn;
	u32 next[2];		/* nodes it may lead to, OUTSIDE if out of the span */
	bool first;		/* reached from the start; else only from elsewhere */
	struct regs live;	/* registers that are read from here on, before they are written */
	struct value value[GPR_MAX];	/* of the registers, before the instruction */
	bool stack_moved;	/* before it, on some path: to what it was not derived from */
	bool valued;
};

struct span {
	const struct sequence *sequence;
	u64 start, end;
	struct node *node;	/* node[0] is the start */
	u32 nr;
	u32 *at;		/* the node at each byte of the span, or OUTSIDE */
};

/* False, with a finding, if its code cannot be judged. */
bool span_read(struct check *check, const struct sequence *sequence, struct span *span);
void span_free(struct span *span);

static inline u32 span_node(const struct span *span, u64 addr)
{
	return addr >= span->start && addr < span->end ? span->at[addr - span->start] : OUTSIDE;
}

/* After this instruction the thread may still be in the span: it may be diverted there. */
static inline bool node_stays(const struct node *node)
{
	return node->next[0] != OUTSIDE || node->next[1] != OUTSIDE;
}

/* Do both access a common byte, in one run of the sequence or in two? Only if certain. */
bool same_place(const struct node *a, const struct memory *x, const struct node *b,
		const struct memory *y);

/* ---- check_response.c --------------------------------------------------------------- */

struct response {
	bool restarts;		/* it leads to the start of its span */
	bool resumes;		/* it leads into the span, elsewhere */
	struct regs live;	/* what is read from the response on, the span included */
	struct regs kept;	/* the same, if what it calls leaves all registers alone */
	bool left;		/* it has a jump that leads to where nobody knows */
	u64 reach;		/* the end of the furthest instruction within its length */
	u64 over;		/* an instruction that runs on past its length, or 0 */
};

void response_read(struct check *check, const struct span *span, struct response *response);

/* ---- check_rules.c, check_object.c, check_entry.c ----------------------------------- */

void check_sequence(struct check *check, const struct sequence *sequence);
void check_refused(struct check *check);
void check_leaks(struct check *check);
void check_entries(struct check *check);
void check_starts(struct check *check);
/* Code that is there: the whole span and the response's first byte. */
bool check_mapped(struct check *check, const struct sequence *sequence);

#endif /* ESTP_TOOL_CHECK_H */
