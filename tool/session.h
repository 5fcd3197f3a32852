/* SPDX-License-Identifier: MIT */
/*
 * The tracepoints of SPEC TRC, read through an instance of tracefs that is our own: what
 * others trace is not disturbed.  libtracefs and libtraceevent know its files and formats.
 */
#ifndef ESTP_TOOL_SESSION_H
#define ESTP_TOOL_SESSION_H

#include <stdbool.h>
#include <stddef.h>

#include "core.h"

enum event_kind { EVENT_DIVERT, EVENT_REGISTER, EVENT_UNREGISTER };

struct event {
	enum event_kind kind;
	u64 time, order;	/* CLOCK_MONOTONIC, ns; and order within one */
	int cpu, tid;
	u8 selector;
	u64 pc, response;	/* of a diversion */
	u64 addr, len;		/* of the others */
	u32 layout, count;	/* of a registration */
};

struct session;

/*
 * Events of all, or of some threads and those that they begin: see session_follow().  A
 * buffer of @buffer_kib for each CPU; 0: the kernel's default.  NULL: why not.
 */
struct session *session_open(bool all, u32 buffer_kib, char *why, size_t why_len);
/* Removes the instance. */
void session_close(struct session *session);
/* Adds threads, numbers with a space after each, to those whose events are wanted. */
bool session_follow(struct session *session, const char *tids);
bool session_start(struct session *session, char *why, size_t why_len);

/* Nothing more is recorded. */
void session_stop(struct session *session);

/* Readable when there is something. */
int session_fd(const struct session *session);
/* Takes in what there is. */
void session_read(struct session *session);
/* Whether something has been read that was not taken. */
bool session_waiting(const struct session *session);
/* Events up to @time, in order: they are out of the session. */
typedef void each_event(const struct event *event, void *data);
void session_take(struct session *session, u64 time, each_event *each, void *data);
/* Events that did not fit into the buffers, all in all. */
u64 session_lost(struct session *session);

#endif /* ESTP_TOOL_SESSION_H */
