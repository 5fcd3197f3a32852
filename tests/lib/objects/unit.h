/* SPDX-License-Identifier: MIT */
/*
 * What the units of all objects have: one sequence with three records, that finds out
 * where it stands; and an object's report of itself.
 */
#ifndef UNIT_H
#define UNIT_H

#include <estp/sequence.h>
#include "insn.h"
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
 * where a signal handler sees the stub, and a register as 0.
 */
static inline __attribute__((always_inline)) long sequence(const long *p)
{
	struct where where;
	long value;

	asm volatile goto(
		INSN_ADDRESS("%[start]", ESTP_LABEL(unit, start))
		INSN_ADDRESS("%[end]", ESTP_LABEL(unit, end))
		INSN_ADDRESS("%[gate]", ESTP_LABEL(gate, start))
		INSN_ADDRESS("%[fault_at]", "%l[fault]")
		INSN_ADDRESS("%[stub]", ESTP_LABEL(unit, stub))
		INSN_ADDRESS("%[stub_end]", ESTP_LABEL(unit, stub_end))
		ESTP_START(unit)
		INSN_ONE("[value]")
		INSN_ADD("[value]", "[p]", ESTP_COMMIT(unit))
		ESTP_END(unit)
		/* Elsewhere, or what it masks could leak through the responses above. */
		ESTP_START(gate)
		"nop\n\t"
		ESTP_END(gate)
		ESTP_COLD_BEGIN
		ESTP_LABEL(unit, stub) ":\n\t"
		INSN_JUMP(ESTP_LABEL(unit, start))
		ESTP_LABEL(unit, stub_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_PREEMPTION(unit, ESTP_LABEL(unit, stub))
		ESTP_ON_INTERRUPT(gate, ESTP_LABEL(unit, stub), ESTP_LABEL(unit, stub_end),
				  INSN_MASK, 0)
		ESTP_ON_FAULT(unit, "%l[fault]", ESTP_MEMORY)
		: [value] "=&r"(value), [start] "=m"(where.start), [end] "=m"(where.end),
		  [fault_at] "=m"(where.fault), [gate] "=m"(where.gate),
		  [stub] "=m"(where.stub), [stub_end] "=m"(where.stub_end)
		: [p] "r"(p)
		: INSN_SCRATCH, "memory", "cc"
		: fault);
	ESTP_OUTPUTS;
	object_ran(&object, &where);
	return value;
ESTP_RESPONSE(fault);
	return -1;
}

#ifdef __cplusplus
}
#endif

#endif /* UNIT_H */
