/* SPDX-License-Identifier: MIT */
/*
 * Diversions by sequence: a table of what a process has or had registered.
 */
#ifndef ESTP_TOOL_COUNT_H
#define ESTP_TOOL_COUNT_H

#include "ends.h"
#include "session.h"

/* So many diversions are worth asking whether the sequence ever comes to its end. */
#define COUNT_ENOUGH	8

struct counted {
	struct estp_sequence seq;	/* length 0: of no sequence, by its pc, which is start */
	u64 before, since;		/* diversions until this interval, and in it */
	struct ends *ends;		/* of one that is looked after */
	u64 watched_from;		/* its since then */
	bool refused;			/* it cannot be looked after */
};

struct counts {
	struct counted **counted;	/* in the kernel's order, as far as it was one list */
	u32 nr;
	void *tree;			/* the same, by sequence */
	u64 slot_key[1024][3];		/* pc, response, selector + 1: of the last seen */
	struct counted *slot[1024];
	bool stale;			/* the list should be asked for again */
};

/* Adds what is registered now. */
void counts_update(struct counts *counts, const struct estp_sequence *seq, u32 nr);
/* Counts a diversion. */
void counts_add(struct counts *counts, const struct event *event);
/* Has the most diverted looked after: as many as a CPU can. */
void counts_look_after(struct counts *counts, int pid);
/* Does it come to its end?  1, 0, or -1: nobody knows. */
int counts_end(const struct counted *counted);
/* The interval is over. */
void counts_next(struct counts *counts);
/* Nothing has been counted yet. */
void counts_forget(struct counts *counts);
void counts_free(struct counts *counts);

#endif /* ESTP_TOOL_COUNT_H */
