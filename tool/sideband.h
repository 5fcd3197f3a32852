/* SPDX-License-Identifier: MIT */
/*
 * The kernel's records of what processes do with their memory and names, of the whole
 * system: the side band of perf events, here of ones that count nothing.
 */
#ifndef ESTP_TOOL_SIDEBAND_H
#define ESTP_TOOL_SIDEBAND_H

#include "symbols.h"

enum record_kind {
	RECORD_MAP,	/* executable memory of pid: start, end, offset, text: path, id */
	RECORD_NAME,	/* tid is called text now */
	RECORD_EXEC,	/* the same, and what pid had mapped is gone */
	RECORD_FORK,	/* tid of pid was begun by parent_tid of parent */
	RECORD_EXIT,	/* tid of pid has ended */
};

struct record {
	enum record_kind kind;
	u64 time, order;	/* CLOCK_MONOTONIC, ns; and order within one */
	int pid, tid, parent, parent_tid;
	u64 start, end, offset;
	struct build_id id;
	char *text;		/* the receiver's to free, or NULL */
};

struct sideband;

/* NULL, with the reason in @why. */
struct sideband *sideband_open(char *why, size_t why_len);
void sideband_close(struct sideband *sideband);
/* All that is there, by CPU; each CPU's in order. */
void sideband_read(struct sideband *sideband, void (*each)(struct record *record, void *data),
		   void *data);
/* Records lost since the last call. */
u64 sideband_lost(struct sideband *sideband);

#endif /* ESTP_TOOL_SIDEBAND_H */
