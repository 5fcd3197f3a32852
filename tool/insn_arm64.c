// SPDX-License-Identifier: MIT
/*
 * What an arm64 instruction does, by its encoding: Capstone 4 says too little of it.
 *
 *   31  28   25                     0
 *   +---+----+----------------------+
 *   |   |op0 |                      |   op0, 4 bits: the class
 *   +---+----+----------------------+
 *
 * Not judged are SVE, SME, memory tags, MOPS, and whatever is no instruction of Armv8.
 */
#include "insn_arm64.h"

u64 arm64_condition(u32 cond)
{
	static const u64 flags[] = {
		OTHER_Z, OTHER_C, OTHER_N, OTHER_V, OTHER_C | OTHER_Z, OTHER_N | OTHER_V,
		OTHER_N | OTHER_V | OTHER_Z, 0,
	};

	return flags[cond >> 1];
}

static bool decode_arm64(void *state, const u8 *bytes, u64 len, u64 addr, struct insn *insn)
{
	u32 word;

	(void)state;
	if (len < 4 || addr & 3)
		return false;
	word = bytes[0] | bytes[1] << 8 | bytes[2] << 16 | (u32)bytes[3] << 24;
	*insn = (struct insn) { .addr = addr, .len = 4 };
	switch (bits(word, 25, 4)) {
	case 0:
		if (!(word >> 16)) {			/* UDF */
			insn->flow = FLOW_STOP;
			insn->judged = true;
			return true;
		}
		return word >> 31;			/* SME */
	case 1: case 3:
		return false;
	case 2:						/* SVE */
		return true;
	case 8: case 9:
		insn->judged = arm64_immediate(word, insn);
		break;
	case 10: case 11:
		insn->judged = arm64_branch(word, insn);
		/* Where it leads is not known, either. */
		return insn->judged || (word & 0xff000000) == 0xd5000000;
	case 5: case 13:
		insn->judged = arm64_registers(word, insn);
		break;
	case 7: case 15:
		insn->judged = arm64_vector(word, insn);
		break;
	default:
		insn->judged = arm64_memory(word, insn);
		break;
	}
	return true;
}

static const char *const name[] = {
	"x0", "x1", "x2", "x3", "x4", "x5", "x6", "x7", "x8", "x9", "x10", "x11", "x12", "x13",
	"x14", "x15", "x16", "x17", "x18", "x19", "x20", "x21", "x22", "x23", "x24", "x25", "x26",
	"x27", "x28", "x29", "x30", "sp",
};

static const struct other_name other[] = {
	{ OTHER_NZCV, "the flags" }, { OTHER_FPCR, "fpcr" }, { OTHER_FPSR, "fpsr" },
	{ OTHER_TPIDR, "tpidr_el0" }, { OTHER_POR, "por_el0" }, { 0, NULL },
};

/*
 * FP arithmetic is not said to read FPCR and to write FPSR: all of it does, and what it
 * leaves there is seldom meant.  As with x86_64's MXCSR, only who names them does.
 */
const struct isa isa_arm64 = {
	.step = 4, .gprs = 32, .parts = 2, .stack = ARM64_SP,
	.fp = 0xffffffff | OTHER_FPCR | OTHER_FPSR,
	/* AAPCS64: x0 to x18; of v8 to v15 the lower half stays */
	.call = { (1ull << 2 * 19) - 1, 0xffff00ff | OTHER_NZCV | OTHER_FPSR },
	.name = name, .other = other, .vector = "v", .decode = decode_arm64,
};
