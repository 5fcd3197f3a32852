/* SPDX-License-Identifier: MIT */
/*
 * What one x86_64 instruction does: where it leads, what it reads and writes.
 *
 * Capstone says it, where Capstone is right; insn.c knows where it is not.  Registers are
 * kept in the parts that instructions write one without the other: of each general
 * register bits 7..0, 15..8, 31..16 and 63..32; the arithmetic flags one by one.
 */
#ifndef ESTP_TOOL_INSN_H
#define ESTP_TOOL_INSN_H

#include "object.h"

struct regs {
	u64 gpr;	/* 4 bits a register, by hardware number */
	u64 other;	/* OTHER_* */
};

#define GPR(n)		(0xfull << 4 * (n))	/* all of general register n */
#define RSP		4

#define OTHER_VEC(i)	(1ull << (i))		/* 0..31 */
#define OTHER_MASK(i)	(1ull << (32 + (i)))	/* k0..k7 */
#define OTHER_CF	(1ull << 40)
#define OTHER_PF	(1ull << 41)
#define OTHER_AF	(1ull << 42)
#define OTHER_ZF	(1ull << 43)
#define OTHER_SF	(1ull << 44)
#define OTHER_OF	(1ull << 45)
#define OTHER_DF	(1ull << 46)
#define OTHER_FLAGS	(0x3full << 40)		/* the arithmetic ones */
#define OTHER_X87	(1ull << 47)
#define OTHER_MXCSR	(1ull << 48)
#define OTHER_PKRU	(1ull << 49)
#define OTHER_FS	(1ull << 50)		/* the base that fs: stands for */
#define OTHER_GS	(1ull << 51)
#define OTHER_SEGMENTS	(1ull << 52)		/* the other segment registers */
/* What bit 31 of a clear mask clears. */
#define OTHER_FP	(((1ull << 40) - 1) | OTHER_X87 | OTHER_MXCSR)

enum flow {
	FLOW_NEXT, FLOW_JUMP, FLOW_BRANCH, FLOW_CALL, FLOW_CALL_INDIRECT, FLOW_JUMP_INDIRECT,
	FLOW_RETURN, FLOW_STOP,
};

#define REG_NONE	0xff

struct memory {
	u8 segment;		/* 0, or 'f' or 'g' */
	u8 base, index;		/* general register or REG_NONE */
	u8 scale;
	bool vector;		/* the index is one of vectors: many places */
	s64 disp;		/* with %rip as base: the address itself */
	u32 len;
	bool read, write;
};

/* What happens to one general register, as far as addresses are concerned. */
enum effect { EFFECT_ANY, EFFECT_COPY, EFFECT_CONSTANT };

struct insn {
	u64 addr, target;
	u8 len;
	enum flow flow;
	bool syscall, repeated, judged;
	struct regs read, write;
	struct memory memory[3];
	u8 memory_nr;
	enum effect effect;	/* of `to`: from `from` (COPY), plus `by` */
	u8 to, from;
	s64 by;
};

struct decoder;

struct decoder *decoder_open(void);
void decoder_close(struct decoder *decoder);
/* False if there is no instruction, or none that is known. */
bool decode(struct decoder *decoder, const u8 *bytes, u64 len, u64 addr, struct insn *insn);

static inline u64 insn_end(const struct insn *insn)
{
	return insn->addr + insn->len;
}

/* "rax, r8, flags": the registers in @regs, by the names of their full width. */
const char *regs_text(const struct regs *regs, char *text, size_t len);
/* The registers that a clear mask names. */
struct regs regs_of_mask(u32 mask);

#endif /* ESTP_TOOL_INSN_H */
