/* SPDX-License-Identifier: MIT */
/*
 * Whether threads come to the end of a span: a breakpoint of the CPU on the instruction
 * after it, which takes itself away when it is met.  So what runs well pays for one trap a
 * thread; the code is not written to, and there is no signal (perf_event_open(2)).
 */
#ifndef ESTP_TOOL_ENDS_H
#define ESTP_TOOL_ENDS_H

#include <stdbool.h>

#include "core.h"

/* What CPUs have: x86_64 four, arm64 two or more. */
#define ENDS_MAX	4

struct ends;

/* Looks out for threads of @pid at @addr; NULL if that cannot be had. */
struct ends *ends_open(int pid, u64 addr);
void ends_close(struct ends *ends);
/* 1: one has come there; 0: none has; -1: none that is looked after, but there are others. */
int ends_seen(struct ends *ends);

#endif /* ESTP_TOOL_ENDS_H */
