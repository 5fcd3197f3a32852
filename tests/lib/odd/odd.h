/* SPDX-License-Identifier: MIT */
/*
 * A sequence that is compiled into odd places, and the list of the places.
 *
 * It adds to a long; its FAULT response is a C label, its INTERRUPT response a stub in
 * the cold section.  Always inlined: each place has records of its own.
 */
#ifndef ODD_H
#define ODD_H

#include <estp/sequence.h>

#if defined(__x86_64__)
#define ODD_ADD						\
	"movq	(%[p]), %[v]\n\t"			\
	"addq	%[n], %[v]\n\t"				\
	ESTP_COMMIT(odd)				\
	"movq	%[v], (%[p])\n\t"
#define ODD_JUMP	"jmp	"
#else
#define ODD_ADD						\
	"ldr	%[v], [%[p]]\n\t"			\
	"add	%[v], %[v], %[n]\n\t"			\
	ESTP_COMMIT(odd)				\
	"str	%[v], [%[p]]\n\t"
#define ODD_JUMP	"b	"
#endif

__attribute__((always_inline))
static inline int odd_add(long *p, long n)
{
	long v;

	__asm__ volatile goto(
		ESTP_START(odd)
		ODD_ADD
		ESTP_END(odd)
		ESTP_RESTART(odd)
		ESTP_ON_FAULT(odd, "%l[fault]", ESTP_SEGV)
		ESTP_COLD_BEGIN
		ESTP_LABEL(odd, again) ":\n\t"
		ODD_JUMP ESTP_LABEL(odd, start) "\n\t"
		ESTP_LABEL(odd, again_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_INTERRUPT(odd, ESTP_LABEL(odd, again), ESTP_LABEL(odd, again_end), 0, 0)
		: [v] "=&r"(v)
		: [p] "r"(p), [n] "r"(n)
		: "memory", "cc"
		: fault);
	return 0;
fault:
	return -1;
}

#ifdef __cplusplus
extern "C" {
#endif
/* Each is 0, or not if any of its additions faulted. */
int odd_here(long *p);		/* one.c, and in main.c by an inline of its own */
int odd_again(long *p);		/* two.c */
int odd_unrolled(long *p);	/* by the compiler, if it likes */
int odd_in_cold(long *p);	/* a function of the cold section */
int odd_in_cold_part(long *p);	/* the part of a function that is moved there */
int odd_in_constructor(long *p);	/* what the constructors saw */
int odd_unused(long *p);	/* called by nobody: may be dropped */
int odd_cxx_one(long *p);	/* templates, lambdas, inline functions: in two units */
int odd_cxx_two(long *p);
#ifdef __cplusplus
}
#endif

#endif /* ODD_H */
