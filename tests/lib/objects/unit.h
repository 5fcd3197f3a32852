/* SPDX-License-Identifier: MIT */
/*
 * What the units of all objects have: one sequence with three records, that finds out
 * where it stands; and an object's report of itself.
 */
#ifndef UNIT_H
#define UNIT_H

#include <estp/sequence.h>
#include "kernel.h"

#define HIDDEN __attribute__((visibility("hidden")))
#define APART __attribute__((visibility("hidden"), noinline))

#ifdef __cplusplus
extern "C" {
#endif

/* This object's, and the functions of its units. */
extern struct object object HIDDEN;
long second(const long *p) HIDDEN;
long third(const long *p) HIDDEN;
long never_called(const long *p) HIDDEN;

/* Its page's. */
extern const char page[] HIDDEN, page_start[] HIDDEN, page_end[] HIDDEN;
long page_load(const long *p) HIDDEN;

/*
 * *p + 1, or -1 if that faults; begun anew, by a stub, if preempted; and one instruction
 * where a signal handler sees the stub, and rcx as 0.
 */
static inline __attribute__((always_inline)) long sequence(const long *p)
{
	struct where where;
	long value;

	asm volatile goto(
		"leaq	" ESTP_LABEL(unit, start) "(%%rip), %%rax\n\t"
		"movq	%%rax, %[start]\n\t"
		"leaq	" ESTP_LABEL(unit, end) "(%%rip), %%rax\n\t"
		"movq	%%rax, %[end]\n\t"
		"leaq	" ESTP_LABEL(gate, start) "(%%rip), %%rax\n\t"
		"movq	%%rax, %[gate]\n\t"
		"leaq	%l[fault](%%rip), %%rax\n\t"
		"movq	%%rax, %[fault_at]\n\t"
		"leaq	" ESTP_LABEL(unit, stub) "(%%rip), %%rax\n\t"
		"movq	%%rax, %[stub]\n\t"
		"leaq	" ESTP_LABEL(unit, stub_end) "(%%rip), %%rax\n\t"
		"movq	%%rax, %[stub_end]\n\t"
		ESTP_START(unit)
		"xorl	%%ecx, %%ecx\n\t"
		"incq	%%rcx\n\t"
		ESTP_COMMIT(unit)
		"addq	(%[p]), %%rcx\n\t"
		ESTP_END(unit)
		/* Elsewhere, or what it masks could leak through the responses above. */
		ESTP_START(gate)
		"nop\n\t"
		ESTP_END(gate)
		ESTP_COLD_BEGIN
		ESTP_LABEL(unit, stub) ":\n\t"
		"jmp	" ESTP_LABEL(unit, start) "\n\t"
		ESTP_LABEL(unit, stub_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_PREEMPTION(unit, ESTP_LABEL(unit, stub))
		ESTP_ON_INTERRUPT(gate, ESTP_LABEL(unit, stub), ESTP_LABEL(unit, stub_end),
				  ESTP_RCX, 0)
		ESTP_ON_FAULT(unit, "%l[fault]", ESTP_MEMORY)
		: "=&c"(value), [start] "=m"(where.start), [end] "=m"(where.end),
		  [fault_at] "=m"(where.fault), [gate] "=m"(where.gate),
		  [stub] "=m"(where.stub), [stub_end] "=m"(where.stub_end)
		: [p] "r"(p)
		: "rax", "memory", "cc"
		: fault);
	object_ran(&object, &where);
	return value;
ESTP_RESPONSE(fault);
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* UNIT_H */
