/* SPDX-License-Identifier: MIT */
/*
 * The parts of the decoder of x86_64, which begins with what Capstone says:
 *
 *   insn_x86_64.c           an instruction, and where it leads
 *   insn_x86_64_operands.c  registers, flags and memory that it names
 *   insn_x86_64_correct.c   what has to be said against it, and how addresses move
 */
#ifndef ESTP_TOOL_INSN_X86_64_PARTS_H
#define ESTP_TOOL_INSN_X86_64_PARTS_H

#include "disasm.h"
#include "insn_x86_64.h"

struct part {
	u8 number;
	u8 bits;	/* 8, 9 (bits 15..8), 16, 32, 64 */
};

/* The part of a general register that this is; bits 0: of none. */
struct part x86_general(unsigned int reg);
void x86_add_reg(struct regs *set, unsigned int reg, bool written);
/* By its operand size prefix. */
bool x86_is_narrow(const cs_x86 *x86);
/* The mask register that it selects by, or NULL; of K instructions, a source. */
const cs_x86_op *x86_mask_of(const cs_x86 *x86);
void x86_add_flags(struct insn *insn, const cs_insn *cs, bool reads, bool writes);
/* One more, all of it to be filled in. */
struct memory *x86_add_memory(struct insn *insn);
void x86_add_operand(struct insn *insn, const cs_insn *cs, u32 i);

void x86_correct(struct insn *insn, const cs_insn *cs);
void x86_add_effect(struct insn *insn, const cs_insn *cs);

#endif /* ESTP_TOOL_INSN_X86_64_PARTS_H */
