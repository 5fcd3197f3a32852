/* SPDX-License-Identifier: MIT */
/* x86_64: the counter, and a load that faults with a response that reads it. */
#ifndef COST_ARCH_H
#define COST_ARCH_H

#include <stdint.h>
#include <string.h>
#include <x86intrin.h>

#include "../../include/uapi/estp.h"

static inline uint64_t now(void)
{
	return __rdtsc();
}

#define CODE_OFF	64
#define RESPONSE_OFF	128

/* uint64_t f(void *p): *p; return 0.  If that faults: return now(). */
static inline void write_fault_code(unsigned char *page)
{
	static const unsigned char load[] = {
		0x48, 0x8b, 0x07,		/* mov	(%rdi), %rax */
		0x31, 0xc0,			/* xor	%eax, %eax */
		0xc3,				/* ret */
	};
	static const unsigned char response[] = {
		0x0f, 0x31,			/* rdtsc */
		0x48, 0xc1, 0xe2, 0x20,		/* shl	$32, %rdx */
		0x48, 0x09, 0xd0,		/* or	%rdx, %rax */
		0xc3,				/* ret */
	};
	uint64_t *word = (uint64_t *)page;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
	word[1] = ESTP_DESCRIPTOR(ESTP_FAULT, CODE_OFF, CODE_OFF + 3, RESPONSE_OFF);
	memcpy(page + CODE_OFF, load, sizeof(load));
	memcpy(page + RESPONSE_OFF, response, sizeof(response));
}

#endif
