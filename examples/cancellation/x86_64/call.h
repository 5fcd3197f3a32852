/* SPDX-License-Identifier: MIT */
/*
 * A cancellation point: a system call that does not begin, or is given up, when the
 * thread has been cancelled.
 *
 *   start:
 *	if (*cancelled)
 *		return -ECANCELED
 *	result = read(fd, buffer, len)		the system call: the last instruction
 *   end:
 *	return result
 *   response:
 *	goto start
 *
 * INTERRUPT: a signal that is delivered to a handler anywhere between the check and the
 * call, or in the call while it sleeps and would be restarted, leads back to the check.
 * A call that has been completed is past the span: what it has read is returned.
 *
 *	cancelled		in, kept
 *	fd, buffer, len		in, kept by the call
 *	rax			out
 *	rcx, r11		scratch: the call's
 */
#ifndef CALL_H
#define CALL_H

#include <sys/syscall.h>

#include <estp/sequence.h>

#include "../../tracer.h"

/* For the tracer: each instruction of the sequence, and the first one behind it. */
extern const char call_start[], call_branch[], call_number[], call_call[], call_end[];

ONE_COPY
static long cancellable_read(const volatile int *cancelled, int fd, void *buffer, size_t len)
{
	long result;

	__asm__ volatile(
		ESTP_START(read)
		"call_start:	cmpl	$0, (%[cancelled])\n\t"
		"call_branch:	jne	" ESTP_LABEL(read, cancelled) "\n\t"
		"call_number:	movl	%[number], %%eax\n\t"
		"call_call:	syscall\n\t"
		ESTP_END(read)
		"call_end:\n\t"
		ESTP_ON_INTERRUPT(read, ESTP_LABEL(read, again), ESTP_LABEL(read, again_end), 0, 0)
		ESTP_COLD_BEGIN
		ESTP_LABEL(read, again) ":\n\t"
		"jmp	" ESTP_LABEL(read, start) "\n\t"
		ESTP_LABEL(read, again_end) ":\n\t"
		ESTP_LABEL(read, cancelled) ":\n\t"
		"movq	%[canceled], %%rax\n\t"
		"jmp	" ESTP_LABEL(read, end) "\n\t"
		ESTP_COLD_END
		: "=&a"(result)
		: [cancelled] "r"(cancelled), "D"((long)fd), "S"(buffer), "d"(len),
		  [number] "i"(SYS_read), [canceled] "i"(-ECANCELED)
		: "rcx", "r11", "memory", "cc");
	return result;
}

#endif /* CALL_H */
