/* SPDX-License-Identifier: MIT */
/*
 * Who is who: threads, their processes, and what those have mapped, at the time of an
 * event that may be long over when it is read.
 *
 *   /proc, when watching begins ------------+
 *   records of mmap, exec, fork, exit ------+--> threads, processes --> names
 *   /proc, at the first sight of somebody --+
 *
 * The kernel writes the records (perf events; see sideband.c) before the process can go
 * on, so that one which registers, is diverted and ends at once is known nevertheless.
 * Without the right to have them /proc alone has to do.
 */
#ifndef ESTP_TOOL_WORLD_H
#define ESTP_TOOL_WORLD_H

#include <stdio.h>

#include "symbols.h"

struct world;

/* Begins to watch.  False in @records: /proc alone has to do, for the reason in @why. */
struct world *world_open(bool *records, char *why, size_t why_len);
void world_close(struct world *world);
/* Takes in what has been recorded so far. */
void world_read(struct world *world);
/* Lets what was recorded up to @time (CLOCK_MONOTONIC) become true. */
void world_advance(struct world *world, u64 time);
/* Records that did not fit, since the last call. */
u64 world_lost(struct world *world);

/* The process of a thread; 0 if nothing is known of it.  Looks into /proc at first sight. */
int world_process(struct world *world, int tid);
/* The name of a thread, or "?". */
const char *world_comm(struct world *world, int tid);
/* What is to be said of an address of @pid. */
void world_name(struct world *world, int pid, u64 addr, struct name *name);

#endif /* ESTP_TOOL_WORLD_H */
