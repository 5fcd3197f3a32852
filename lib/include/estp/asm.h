/* SPDX-License-Identifier: MIT */
/*
 * estp/asm.h - numbers of the ABI as both C and assembler can read them
 *
 * They are the values of estp/abi.h without a suffix, so that they can also be pasted
 * into the text of inline assembler by ESTP_TEXT().  C checks that they agree.
 */
#ifndef ESTP_ASM_H
#define ESTP_ASM_H

/* The switch: the only place in these headers that asks for the architecture. */
#if defined(__x86_64__)
#include "x86_64/asm.h"
#elif defined(__aarch64__)
#include "arm64/asm.h"
#else
#error "ESTP has no port for this architecture"
#endif

#define ESTP_TEXT(x)		ESTP_TEXT_(x)
#define ESTP_TEXT_(x)		#x

/* Selectors */
#define ESTP_ASM_PREEMPTION	0
#define ESTP_ASM_INTERRUPT	1
#define ESTP_ASM_FAULT		2

/* Causes of FAULT: the signal that the fault would have become */
#define ESTP_SEGV		0x01
#define ESTP_BUS		0x02
#define ESTP_ILL		0x04
#define ESTP_FPE		0x08
#define ESTP_MCEERR		0x10
#define ESTP_MEMORY		0x03	/* SIGSEGV and SIGBUS */
#define ESTP_ANY		0x0f	/* what a page's descriptor means */

/* Clear mask of INTERRUPT: registers by ESTP_RAX ..., ESTP_X(0) ...; the FP/SIMD state */
#define ESTP_FP			0x80000000

/* Flags of INTERRUPT */
#define ESTP_RESET_PKEY		1

/*
 * What a mark says of the instruction that it stands before: for tools, never read by
 * the kernel (see estp(5)).
 */
#define ESTP_MARK_COMMIT	1	/* this instruction is the commit */
#define ESTP_MARK_UNPUBLISHED	2	/* it stores to memory that nobody reads before the commit */
#define ESTP_MARK_WAIVE		3	/* in the sequence here, a rule does not hold: which is arg */

/*
 * The rules of estp-check(8): errors, then warnings.  ESTP_MARK_WAIVE names one of them;
 * the numbers stay, whatever rules come.
 */
#define ESTP_RULE_REFUSED	1	/* the kernel would refuse it; cannot be waived */
#define ESTP_RULE_CUT		2	/* a span starts or ends inside an instruction */
#define ESTP_RULE_UNKNOWN	3	/* an instruction that the checker cannot judge */
#define ESTP_RULE_SYSCALL	4	/* a system call, but the last of an INTERRUPT span */
#define ESTP_RULE_INPUT		5	/* an input is overwritten, and a restart reads it */
#define ESTP_RULE_STORE		6	/* a store before the commit, not marked as unpublished */
#define ESTP_RULE_REREAD	7	/* a store before the commit that a restart reads */
#define ESTP_RULE_MODIFY	8	/* a read-modify-write that is not the commit */
#define ESTP_RULE_COMMIT	9	/* what is marked as the commit is not the last */
#define ESTP_RULE_LENGTH	10	/* an INTERRUPT response's length is wrong */
#define ESTP_RULE_MASKED	11	/* an INTERRUPT response reads what is cleared before it */
#define ESTP_RULE_OWN_SPAN	12	/* a response lies inside its own FAULT span */
#define ESTP_RULE_LEAK		13	/* a response outside the INTERRUPT span it must stay in */
#define ESTP_RULE_ENTRY		14	/* a jump into the middle of a span from outside it */
#define ESTP_RULE_CALL		32	/* a call in a span */
#define ESTP_RULE_INDIRECT	33	/* an indirect jump or a return in a span */
#define ESTP_RULE_LOOP		34	/* a loop in a span that restarts */
#define ESTP_RULE_LONG		35	/* a span that restarts has very many instructions */
#define ESTP_RULE_HALF_DONE	36	/* a PREEMPTION that goes on half-way through */
#define ESTP_RULE_UNMASKED	37	/* a live register that the mask of an INTERRUPT misses */

#endif /* ESTP_ASM_H */
