/* SPDX-License-Identifier: MIT */
/*
 * The registers of arm64, as struct regs has them, and the decoder's parts:
 *
 *   insn_arm64.c         what class a word belongs to
 *   insn_arm64_integer.c general registers and flags
 *   insn_arm64_system.c  branches, hints, system registers, caches
 *   insn_arm64_memory.c  loads, stores, atomics
 *   insn_arm64_vector.c  FP and SIMD without memory; insn_arm64_exists.c: which there are
 */
#ifndef ESTP_TOOL_INSN_ARM64_H
#define ESTP_TOOL_INSN_ARM64_H

#include "insn.h"

#define ARM64_SP	31
#define ARM64_LR	30

#define ARM64_X(n)	(3ull << 2 * (n))
#define ARM64_W(n)	(1ull << 2 * (n))

#define OTHER_N		(1ull << 40)
#define OTHER_Z		(1ull << 41)
#define OTHER_C		(1ull << 42)
#define OTHER_V		(1ull << 43)
#define OTHER_NZCV	(0xfull << 40)
#define OTHER_FPCR	(1ull << 44)
#define OTHER_FPSR	(1ull << 45)
#define OTHER_TPIDR	(1ull << 46)
#define OTHER_POR	(1ull << 47)

static inline u32 bits(u32 word, u32 low, u32 nr)
{
	return word >> low & ((1u << nr) - 1);
}

static inline s64 signed_bits(u32 word, u32 low, u32 nr)
{
	return (s64)((u64)word << (64 - low - nr)) >> (64 - nr);
}

/* Register 31 is none, the zero register; or, for _sp, the stack pointer. */
static inline void read_reg(struct insn *insn, u32 n, bool wide)
{
	if (n != 31)
		insn->read.gpr |= wide ? ARM64_X(n) : ARM64_W(n);
}

static inline void read_reg_sp(struct insn *insn, u32 n, bool wide)
{
	insn->read.gpr |= wide ? ARM64_X(n) : ARM64_W(n);
}

/* All of it, always: the upper half becomes 0 if only the lower one is written. */
static inline void write_reg(struct insn *insn, u32 n)
{
	if (n != 31)
		insn->write.gpr |= ARM64_X(n);
}

static inline void write_reg_sp(struct insn *insn, u32 n)
{
	insn->write.gpr |= ARM64_X(n);
}

/* The flags that a condition looks at. */
u64 arm64_condition(u32 cond);

/* False if this tool does not know what the word does. */
bool arm64_immediate(u32 word, struct insn *insn);
bool arm64_registers(u32 word, struct insn *insn);
bool arm64_branch(u32 word, struct insn *insn);
bool arm64_memory(u32 word, struct insn *insn);
bool arm64_vector(u32 word, struct insn *insn);

/* Groups of SIMD instructions of which some were never made. */
enum arm64_group {
	ARM64_THREE_SAME, ARM64_TWO_MISC, ARM64_ACROSS, ARM64_THREE_DIFFERENT, ARM64_BY_ELEMENT,
	ARM64_HALF_THREE, ARM64_HALF_MISC, ARM64_EXTRA, ARM64_SHIFT, ARM64_GROUP_NR,
};

bool arm64_exists(enum arm64_group group, u32 word, u32 op, u32 size);

#endif /* ESTP_TOOL_INSN_ARM64_H */
