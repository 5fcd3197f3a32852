/* SPDX-License-Identifier: MIT */
/*
 * An event of estp trace as a line.
 */
#ifndef ESTP_TOOL_TRACE_SHOW_H
#define ESTP_TOOL_TRACE_SHOW_H

#include "json.h"
#include "session.h"
#include "symbols.h"

/* Whose event it is, and where. */
struct where {
	int pid;
	const char *comm;
	struct name at;		/* the pc, or the address */
	struct name to;		/* the response */
};

void trace_show(const struct event *event, const struct where *where, enum form form);

#endif /* ESTP_TOOL_TRACE_SHOW_H */
