/* SPDX-License-Identifier: MIT */
/*
 * What one instruction does: where it leads, what it reads and writes.
 *
 * Registers are kept in the parts that instructions write one without the other, and
 * read so, too; struct isa says which those are, and what else the rules need to know of
 * a machine:
 *
 *   x86_64  a general register's bits 7..0, 15..8, 31..16, 63..32; the flags one by one
 *   arm64   bits 31..0, 63..32; the flags one by one; general register 31 is sp
 */
#ifndef ESTP_TOOL_INSN_H
#define ESTP_TOOL_INSN_H

#include "object.h"

struct regs {
	u64 gpr;	/* isa->parts bits a register, by hardware number */
	u64 other;	/* OTHER_*; the rest is in insn_<isa>.h */
};

#define OTHER_VEC(i)	(1ull << (i))		/* 0..31 */

#define GPR_MAX		32
#define REG_NONE	0xff

enum flow {
	FLOW_NEXT, FLOW_JUMP, FLOW_BRANCH, FLOW_CALL, FLOW_CALL_INDIRECT, FLOW_JUMP_INDIRECT,
	FLOW_RETURN, FLOW_STOP,
};

struct memory {
	u8 segment;		/* 0, or 'f' or 'g' */
	u8 base, index;		/* general register or REG_NONE */
	u8 scale;
	u8 extend;		/* how a narrow index is widened; 0: it is not narrow */
	bool vector;		/* many places, or nobody knows which: an index of vectors */
	s64 disp;		/* relative to the pc: the address itself */
	u32 len;
	bool read, write;
	bool partly;		/* what is written may be a part of it, or nothing */
	bool beyond;		/* it may be somewhere around instead: a bit of a string */
	bool onward;		/* len is that of one element, and as many follow as a register says */
};

/* What happens to one general register, as far as addresses are concerned. */
enum effect { EFFECT_ANY, EFFECT_COPY, EFFECT_CONSTANT };

struct insn {
	u64 addr, target;
	u8 len;
	enum flow flow;
	bool syscall, repeated, judged;
	struct regs read, write;
	struct regs kept;	/* of what is written: what may stay as it was */
	struct memory memory[3];
	u8 memory_nr;
	enum effect effect;	/* of `to`: from `from` (COPY), plus `by` */
	u8 to, from;
	s64 by;
};

struct isa {
	u8 step;		/* instructions stand at multiples of this */
	u8 gprs;		/* how many; the stack pointer is one */
	u8 parts;		/* of a general register */
	u8 stack;		/* the stack pointer's number */
	u64 fp;			/* of `other`: what bit 31 of a clear mask clears */
	struct regs call;	/* what a call may change, so that nobody reads it afterwards */
	const char *const *name;	/* of general registers, at full width */
	const struct other_name {
		u64 bits;
		const char *name;
	} *other;		/* but vectors; ends with no bits */
	const char *vector;	/* "xmm" */
	void *(*open)(void);	/* may be NULL, and then so is close */
	void (*close)(void *state);
	bool (*decode)(void *state, const u8 *bytes, u64 len, u64 addr, struct insn *insn);
};

extern const struct isa isa_x86_64, isa_arm64;

struct decoder {
	const struct isa *isa;
	void *state;
};

/* NULL if there is none for this machine. */
struct decoder *decoder_open(enum machine machine);
void decoder_close(struct decoder *decoder);
/* False if there is no instruction, or none that is known. */
bool decode(struct decoder *decoder, const u8 *bytes, u64 len, u64 addr, struct insn *insn);

static inline u64 insn_end(const struct insn *insn)
{
	return insn->addr + insn->len;
}

/* All of general register n. */
static inline u64 all_of(const struct isa *isa, u32 n)
{
	return ((1ull << isa->parts) - 1) << isa->parts * n;
}

/* What of @live, after the instruction, is so before it, its own reads left aside. */
static inline struct regs live_through(const struct insn *insn, struct regs live)
{
	live.gpr &= ~insn->write.gpr | insn->kept.gpr;
	live.other &= ~insn->write.other | insn->kept.other;
	return live;
}

/* "rax, r8, the flags": the registers in @regs, by the names of their full width. */
const char *regs_text(const struct isa *isa, const struct regs *regs, char *text, size_t len);
/* The registers that a clear mask names. */
struct regs regs_of_mask(const struct isa *isa, u32 mask);

#endif /* ESTP_TOOL_INSN_H */
