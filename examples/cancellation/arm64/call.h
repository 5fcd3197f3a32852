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
 *	x0			in: fd, kept until the call is complete; out: the result
 *	x1, x2			in: buffer, len; kept by the call
 *	x8, t			scratch
 */
#ifndef CALL_H
#define CALL_H

#include <sys/syscall.h>

#include <estp/sequence.h>

#include "../../tracer.h"

/* For the tracer: each instruction of the sequence, and the first one behind it. */
extern const char call_start[] NAMED, call_branch[] NAMED, call_number[] NAMED, call_call[] NAMED,
	call_end[] NAMED;

ONE_COPY
static long cancellable_read(const volatile int *cancelled, int fd, void *buffer, size_t len)
{
	register long x0 __asm__("x0") = fd;
	register void *x1 __asm__("x1") = buffer;
	register size_t x2 __asm__("x2") = len;
	int t;

	__asm__ volatile(
		ESTP_START(read)
		"call_start:	ldr	%w[t], [%x[cancelled]]\n\t"
		"call_branch:	cbnz	%w[t], " ESTP_LABEL(read, cancelled) "\n\t"
		"call_number:	mov	w8, %[number]\n\t"
		"call_call:	svc	#0\n\t"
		ESTP_END(read)
		"call_end:\n\t"
		ESTP_ON_INTERRUPT(read, ESTP_LABEL(read, again), ESTP_LABEL(read, again_end), 0, 0)
		ESTP_COLD_BEGIN
		ESTP_LABEL(read, again) ":\n\t"
		"b	" ESTP_LABEL(read, start) "\n\t"
		ESTP_LABEL(read, again_end) ":\n\t"
		ESTP_LABEL(read, cancelled) ":\n\t"
		"mov	x0, %[canceled]\n\t"
		"b	" ESTP_LABEL(read, end) "\n\t"
		ESTP_COLD_END
		: "+r"(x0), [t] "=&r"(t)
		: [cancelled] "r"(cancelled), "r"(x1), "r"(x2),
		  [number] "i"(SYS_read), [canceled] "i"(-ECANCELED)
		: "x8", "x16", "x17", "memory");	/* x16, x17: of whoever leads far branches on */
	return x0;
}

#endif /* CALL_H */
