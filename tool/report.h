/* SPDX-License-Identifier: MIT */
/*
 * What estp stat shows: a process's counters, and how they grew in an interval.
 */
#ifndef ESTP_TOOL_REPORT_H
#define ESTP_TOOL_REPORT_H

#include "count.h"
#include "json.h"
#include "world.h"

/* Counters: diversions by selector, then fences. */
#define COUNTER_NR	(ESTP_SELECTOR_NR + 1)

u64 report_counter(const struct estp_stats *stats, u32 which);

struct report {
	int pid;
	char user[64], command[4096];
	struct world *world;	/* who names; NULL: nothing is known by sequence */
	bool headed;		/* it has been said whose counters these are */
	bool ended;		/* the process has */

	struct estp_stats now;
	bool interval;		/* there was one: what follows is of it */
	u64 began;
	double seconds;
	u64 grown[COUNTER_NR];		/* in the interval */
	u64 grown_all[COUNTER_NR];	/* while watched */
	struct counted **counted;	/* in the order in which they are shown */
	u32 nr;
	u64 none[ESTP_SELECTOR_NR];	/* diversions that no event told of */
};

/* Takes the sequences that were diverted; they are the report's until the next call. */
void report_collect(struct report *report, const struct counts *counts);
void report_show(struct report *report, enum form form);

#endif /* ESTP_TOOL_REPORT_H */
