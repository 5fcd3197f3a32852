/* SPDX-License-Identifier: MIT */
#ifndef THREAD_POINTER_H
#define THREAD_POINTER_H

/* Where the thread's %fs points to: the ABI has the address there, too. */
static inline char *thread_pointer(void)
{
	char *pointer;

	__asm__("movq %%fs:0, %0" : "=r"(pointer));
	return pointer;
}

/* What the kernel wants to find before abort addresses of rseq; libc's is the same. */
#define RSEQ_SIGNATURE 0x53053053u

#endif
