/* SPDX-License-Identifier: MIT */
#ifndef THREAD_POINTER_H
#define THREAD_POINTER_H

static inline char *thread_pointer(void)
{
	char *pointer;

	__asm__("mrs %0, tpidr_el0" : "=r"(pointer));
	return pointer;
}

/* What the kernel wants to find before abort addresses of rseq, a BRK; libc's is the same. */
#define RSEQ_SIGNATURE 0xd428bc00u

#endif
