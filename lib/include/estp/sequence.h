/* SPDX-License-Identifier: MIT */
/*
 * estp/sequence.h - sequences inline in C
 *
 * A sequence is a span of instructions in an asm statement.  Nothing is stored and
 * nothing called on entry or exit; what makes it one is a record in another section,
 * that says where it stands:
 *
 *	asm volatile goto(
 *		ESTP_START(add)
 *		"movslq	%%fs:(%[cpu]), %[i]\n\t"
 *		"shlq	$20, %[i]\n\t"
 *		ESTP_COMMIT(add)
 *		"addq	%[n], (%[v], %[i])\n\t"
 *		ESTP_END(add)
 *		ESTP_RESTART(add)
 *		ESTP_ON_FAULT(add, "%l[fault]", ESTP_SEGV)
 *		: [i] "=&r"(i)
 *		: [cpu] "r"(cpu.offset), [v] "r"(v), [n] "r"(n)
 *		: "memory", "cc"
 *		: fault);
 *	return 0;
 * ESTP_RESPONSE(fault);
 *	return -EFAULT;
 *
 * `add` names the sequence within its asm statement.  A response is the start
 * (ESTP_RESTART), a C label ("%l[fault]"), or a stub of the author's, out of line
 * (ESTP_COLD_BEGIN ... ESTP_COLD_END).  Each copy that the compiler makes of the
 * statement has records of its own.
 *
 * The rules for what stands in a span are SPEC OBL; the ones for asm statements:
 * an operand that is written before the commit is an early clobber ("=&r") and no
 * input ("+r" is one); a sequence that reads or writes memory names it as operand or
 * clobbers "memory"; the statement is volatile; and it has operands or labels,
 * however few, since only then is %= replaced.
 *
 * Where a response is a C label and the statement has outputs, the label is written
 * ESTP_RESPONSE(fault), and if the outputs are used, ESTP_OUTPUTS; stands right behind the
 * statement.  GCC (12.2 for one) moves the outputs to their variables on each way out, but behind
 * what it does there itself: `fault: return -1;` may return anything, and of two variables
 * that are to have an output one may not get it.  At a response the outputs hold what the
 * registers held; not so by clang before 17: they are lost.
 */
#ifndef ESTP_SEQUENCE_H
#define ESTP_SEQUENCE_H

#include <estp/object.h>

/* Labels: unique to each copy of the statement. */
#define ESTP_LABEL(tag, what)	".Lestp_" #tag "_" #what "_%="

/*
 * What follows goes to @section, and with the sequence out of the link if it goes: "o", a
 * section that belongs to the one of @label; "?", a member of the group that this is, as
 * C++ has for a template or inline function of which the linker keeps one copy.
 */
#define ESTP_BESIDE_(section, label)						\
	".pushsection " section ",\"ao?\",@progbits," label "\n\t"		\
	".balign 4\n\t"

#define ESTP_RECORD_(tag, selector, response, response_len, causes, mask, flags) \
	ESTP_BESIDE_("estp_entries", ESTP_LABEL(tag, start))			\
	".long " ESTP_LABEL(tag, start) " - .\n\t"				\
	".long " ESTP_LABEL(tag, end) " - " ESTP_LABEL(tag, start) "\n\t"	\
	".long " response " - .\n\t"						\
	".short " response_len "\n\t"						\
	".byte " ESTP_TEXT(selector) ", " ESTP_TEXT(causes) "\n\t"		\
	".long " ESTP_TEXT(mask) "\n\t"						\
	".short " ESTP_TEXT(flags) ", 0\n\t"					\
	".popsection\n\t"

#define ESTP_MARK_(label, kind, arg)						\
	label ":\n\t"								\
	ESTP_BESIDE_("estp_marks", label)					\
	".long " label " - .\n\t"						\
	".byte " ESTP_TEXT(kind) ", " ESTP_TEXT(arg) "\n\t"			\
	".short 0\n\t"								\
	".popsection\n\t"

/* The span begins before the next instruction. */
#define ESTP_START(tag)		ESTP_LABEL(tag, start) ":\n\t"
/* The next instruction is the commit: the last of the span, and its only visible effect. */
#define ESTP_COMMIT(tag)	ESTP_MARK_(ESTP_LABEL(tag, commit), ESTP_MARK_COMMIT, 0)
/* The next instruction stores to memory that nobody else reads before the commit. */
#define ESTP_UNPUBLISHED(tag, name) \
	ESTP_MARK_(ESTP_LABEL(tag, unpublished_##name), ESTP_MARK_UNPUBLISHED, 0)
/* The checker's rule number @rule does not hold for this sequence, and that is meant. */
#define ESTP_WAIVE(tag, rule) \
	ESTP_MARK_(ESTP_LABEL(tag, waive_##rule), ESTP_MARK_WAIVE, rule)
/* The span ends before the next instruction. */
#define ESTP_END(tag)		ESTP_LABEL(tag, end) ":\n\t"

/* Preempted, or signalled: begin anew. */
#define ESTP_RESTART(tag)							\
	ESTP_RECORD_(tag, ESTP_ASM_PREEMPTION, ESTP_LABEL(tag, start), "0", 0, 0, 0)
/* Preempted, or signalled: go on at the label @response, a string. */
#define ESTP_ON_PREEMPTION(tag, response)					\
	ESTP_RECORD_(tag, ESTP_ASM_PREEMPTION, response, "0", 0, 0, 0)
/* Faulted, as one of @causes (ESTP_SEGV ... or-ed numbers): go on at the label @response. */
#define ESTP_ON_FAULT(tag, response, causes)					\
	ESTP_RECORD_(tag, ESTP_ASM_FAULT, response, "0", causes, 0, 0)
/*
 * Signalled: the handler sees a frame whose registers in @mask are 0 and whose pc is the
 * label @response; the code from there to the label @response_end is what it may run.
 */
#define ESTP_ON_INTERRUPT(tag, response, response_end, mask, flags)		\
	ESTP_RECORD_(tag, ESTP_ASM_INTERRUPT, response,				\
		     response_end " - " response, 0, mask, flags)

/* Right behind an asm goto statement: its outputs can be used from here on. */
#define ESTP_OUTPUTS		__asm__ volatile("")
/* A C label that responses lead to. */
#define ESTP_RESPONSE(label)	label: __asm__ volatile("")

/*
 * Code that is seldom run stands elsewhere in the object's text: in a section of its own,
 * or the stubs of two functions would keep each other from being dropped, and that of a
 * function which is cold itself would stand right behind its sequence.
 */
#define ESTP_COLD_BEGIN		".pushsection .text.unlikely.estp_%=,\"ax?\",@progbits\n\t"
#define ESTP_COLD_END		".popsection\n\t"

#endif /* ESTP_SEQUENCE_H */
