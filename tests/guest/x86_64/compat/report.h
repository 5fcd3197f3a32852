/* SPDX-License-Identifier: MIT */
/* What a 32-bit program tells of its signals: program.c, and the test that runs it. */
#ifndef COMPAT_REPORT_H
#define COMPAT_REPORT_H

#include <stdint.h>

#define COMPAT_SEEN_MAX	16

struct compat_seen {
	int32_t sig, code;
	uint32_t trap, err, addr, ip, registers;
};

struct compat_report {
	uint32_t bits, nr;		/* of seen */
	int32_t failed, interrupted;	/* 0, or what went wrong */
	int32_t normal, ours[4];	/* madvise(): MADV_NORMAL, ESTP's */
	struct compat_seen seen[COMPAT_SEEN_MAX];
};

#endif
