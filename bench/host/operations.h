/* SPDX-License-Identifier: MIT */
/*
 * operations.h - four things that are done to per-CPU data, and each in four ways (ways.h)
 *
 * Counter and list of the way "estp" are libestp's own, estp_add(), estp_pop() and
 * estp_push(); the texts here are the same for the other ways.
 */
#ifndef OPERATIONS_H
#define OPERATIONS_H

#include <stdbool.h>

#include "ways.h"

/* At most 1 MiB each: a CPU's part. */
struct ring {
	uint64_t head, tail;
	uint64_t slot[256];
};

struct trace {
	uint64_t position;
	uint64_t pad[7];
	uint64_t words[8192];		/* 64 KiB */
};

struct record {
	uint64_t time, id, a, b;
};

#include "texts.h"

#define IN_THREE_WAYS(what)	what(plain) what(rseq) what(bare)
#define IN_FOUR_WAYS(what)	IN_THREE_WAYS(what) what(estp)

IN_THREE_WAYS(COUNT)
IN_THREE_WAYS(PUSH)
IN_THREE_WAYS(POP)
IN_FOUR_WAYS(PUT)
IN_FOUR_WAYS(TAKE)
IN_FOUR_WAYS(WRITE)

#endif
