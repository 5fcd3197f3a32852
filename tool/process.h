/* SPDX-License-Identifier: MIT */
/*
 * A process as the kernel shows it: /dev/estp for what is registered, /proc for the rest.
 * Processes come and go while they are looked at: each function says so by its result.
 */
#ifndef ESTP_TOOL_PROCESS_H
#define ESTP_TOOL_PROCESS_H

#include <stdbool.h>
#include <stddef.h>

#include "core.h"

/* ---- Registrations ----------------------------------------------------------------- */

/* /dev/estp, or -1 with the sentence in @why. */
int device_open(char *why, size_t why_len);

enum looked {
	LOOKED,
	LOOKED_GONE,		/* there is no such process (any more) */
	LOOKED_NO_MEMORY,	/* a kernel thread, or one that has ended */
	LOOKED_DENIED,		/* the caller may not */
	LOOKED_FAILED,		/* anything else */
};

/* Opens the memory of a process, which names it to /dev/estp; a sentence if it cannot. */
enum looked process_open(int pid, int *mem, char *why, size_t why_len);
/* The counters of who stands behind @mem; 0 or a negative errno. */
int device_stats(int device, int mem, struct estp_stats *stats);
/* All sequences, to be freed; NULL with a negative errno in @error. */
struct estp_sequence *device_list(int device, int mem, u32 *nr, int *error);

/* ---- Identity ------------------------------------------------------------------------ */

/* Which process a thread belongs to; 0 if there is none. */
int process_of_thread(int tid);
/* Who began it, or looks after it now; 0 if it is gone. */
int process_parent(int pid);
/*
 * A thread that still has the process's memory: its first one may have ended before others.
 * 0 if none has; @pid if nothing is known of it.
 */
int thread_with_memory(int pid);
/* Whether two threads that have memory share it; false if they have ended meanwhile. */
bool thread_same_memory(int a, int b);
/* When it began, in clock ticks since boot; 0 if it is gone. */
u64 process_start(int pid);
/* The user whose rights it has, as a name or a number; false if it is gone. */
bool process_user(int pid, char *text, size_t len);
/* What it was called with, or its name in brackets; false if it is gone. */
bool process_command(int pid, char *text, size_t len);
/* The name of a thread; false if it is gone. */
bool thread_name(int tid, char *text, size_t len);

/*
 * Calls for each process there is, or for each thread of a process (0: of none).  False
 * where not even the caller is: /proc is not mounted.
 */
typedef void each_pid(int pid, void *data);
bool process_each(each_pid *each, void *data);
void thread_each(int pid, each_pid *each, void *data);

/* ---- Mappings ------------------------------------------------------------------------ */

struct mapping {
	u64 start, end;
	u64 offset;		/* of its first byte in the file */
	const char *path;	/* of the file, or what the kernel calls it; "" if nothing */
};

/* Each executable mapping; @path is valid during the call.  False if it is gone. */
typedef void each_mapping(const struct mapping *mapping, void *data);
bool mapping_each(int pid, each_mapping *each, void *data);

#endif /* ESTP_TOOL_PROCESS_H */
