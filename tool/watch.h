/* SPDX-License-Identifier: MIT */
/*
 * Watching processes: a session of tracepoints, and the world that they happen in.
 */
#ifndef ESTP_TOOL_WATCH_H
#define ESTP_TOOL_WATCH_H

#include <signal.h>

#include "session.h"
#include "world.h"

struct watch {
	struct session *session;
	struct world *world;
	const char *who;	/* "estp trace", for sentences */
	u64 lost;		/* events, as far as told */
	u32 buffer_kib;
};

/*
 * Watches all, or else those given to watch_follow().  Nothing is recorded before
 * watch_start().  False: why not.
 */
bool watch_open(struct watch *watch, const char *who, bool all, u32 buffer_kib, char *why,
		size_t why_len);
/* A process, and what it begins from now on. */
bool watch_follow(struct watch *watch, int pid, char *why, size_t why_len);
bool watch_start(struct watch *watch, char *why, size_t why_len);
void watch_close(struct watch *watch);

/* How long to wait for more, in ms, before watch_take() has to be called. */
int watch_timeout(const struct watch *watch);
/* Up to when all that has happened can be seen. */
u64 watch_settled(void);
/* Hands on what has happened up to @until, in order; ~0: all, as nothing comes any more. */
void watch_take(struct watch *watch, u64 until, each_event *each, void *data);
/* Events lost since the last call: a sentence on standard error, if there are any. */
u64 watch_tell_lost(struct watch *watch);

/*
 * Signals that end the tool come by the descriptor, so that it can clean up; a SIGHUP
 * that is ignored stays so.  Standard output that is closed is an error of writing.
 */
int signals_open(sigset_t *before);
/* Undoes that, in a child. */
void signals_restore(const sigset_t *before);

u64 now_ns(void);

#endif /* ESTP_TOOL_WATCH_H */
