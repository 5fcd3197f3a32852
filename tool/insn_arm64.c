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

static void constant(struct insn *insn, u32 to, u64 value)
{
	if (to == 31)
		return;
	insn->effect = EFFECT_CONSTANT;
	insn->to = to;
	insn->by = value;
}

static void copy(struct insn *insn, u32 to, u32 from, s64 by)
{
	insn->effect = EFFECT_COPY;
	insn->to = to;
	insn->from = from;
	insn->by = by;
}

/* ---- Data processing, immediate ---------------------------------------------------- */

static bool add_immediate(u32 word, struct insn *insn)
{
	bool wide = word >> 31, sub = bits(word, 30, 1), flags = bits(word, 29, 1);
	u32 rd = bits(word, 0, 5), rn = bits(word, 5, 5);
	s64 by = (u64)bits(word, 10, 12) << (bits(word, 22, 1) ? 12 : 0);

	read_reg_sp(insn, rn, wide);
	if (flags) {
		write_reg(insn, rd);
		insn->write.other |= OTHER_NZCV;
	} else {
		write_reg_sp(insn, rd);
	}
	if (wide && (!flags || rd != 31))
		copy(insn, rd, rn, sub ? -by : by);
	return true;
}

static bool logical_immediate(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 opc = bits(word, 29, 2), size, levels;
	u32 pattern = bits(word, 22, 1) << 6 | (~word >> 10 & 0x3f);

	if ((!wide && bits(word, 22, 1)) || pattern < 2)
		return false;
	size = 31 - __builtin_clz(pattern);
	levels = (1u << size) - 1;
	if ((bits(word, 10, 6) & levels) == levels)
		return false;
	read_reg(insn, bits(word, 5, 5), wide);
	if (opc == 3) {
		write_reg(insn, bits(word, 0, 5));
		insn->write.other |= OTHER_NZCV;
	} else {
		write_reg_sp(insn, bits(word, 0, 5));
	}
	return true;
}

static bool move_wide(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 opc = bits(word, 29, 2), rd = bits(word, 0, 5), shift = 16 * bits(word, 21, 2);
	u64 value = (u64)bits(word, 5, 16) << shift;

	if (opc == 1 || (!wide && shift > 16))
		return false;
	write_reg(insn, rd);
	if (opc == 3)
		read_reg(insn, rd, wide);
	else if (opc == 2)
		constant(insn, rd, value);
	else
		constant(insn, rd, wide ? ~value : (u32)~value);
	return true;
}

static bool bit_field(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 opc = bits(word, 29, 2), rd = bits(word, 0, 5), rn = bits(word, 5, 5);
	u32 from = bits(word, 16, 6), to = bits(word, 10, 6);

	if (opc == 3 || bits(word, 22, 1) != wide || (!wide && (from | to) > 31))
		return false;
	/* Bits from..to move down, or 0..to up: either half may be left out. */
	if (rn != 31) {
		if (to < from || from < 32)
			insn->read.gpr |= ARM64_W(rn);
		if (to >= 32)
			insn->read.gpr |= ARM64_X(rn) & ~ARM64_W(rn);
	}
	if (opc == 1)
		read_reg(insn, rd, wide);
	write_reg(insn, rd);
	return true;
}

static bool immediate(u32 word, struct insn *insn)
{
	u32 rd = bits(word, 0, 5);
	s64 by;

	switch (bits(word, 23, 3)) {
	case 0: case 1:		/* ADR, ADRP */
		by = signed_bits(word, 5, 19) * 4 + bits(word, 29, 2);
		write_reg(insn, rd);
		constant(insn, rd, word >> 31 ? (insn->addr & ~0xfffull) + ((u64)by << 12) :
				   insn->addr + (u64)by);
		return true;
	case 2:
		return add_immediate(word, insn);
	case 4:
		return logical_immediate(word, insn);
	case 5:
		return move_wide(word, insn);
	case 6:
		return bit_field(word, insn);
	case 7:			/* EXTR */
		if (bits(word, 29, 2) || bits(word, 21, 1) || bits(word, 22, 1) != word >> 31 ||
		    (!(word >> 31) && bits(word, 15, 1)))
			return false;
		read_reg(insn, bits(word, 5, 5), word >> 31);
		read_reg(insn, bits(word, 16, 5), word >> 31);
		write_reg(insn, rd);
		return true;
	default:
		return false;
	}
}

/* ---- Data processing, registers ------------------------------------------------------ */

/* Logical, and additions of a shifted register. */
static bool shifted(u32 word, struct insn *insn)
{
	bool wide = word >> 31, add = bits(word, 24, 1);
	u32 opc = bits(word, 29, 2), rd = bits(word, 0, 5), rn = bits(word, 5, 5);
	u32 rm = bits(word, 16, 5), by = bits(word, 10, 6), shift = bits(word, 22, 2);

	if ((!wide && by > 31) || (add && shift == 3))
		return false;
	write_reg(insn, rd);
	if (add ? opc & 1 : opc == 3)
		insn->write.other |= OTHER_NZCV;
	/* A result that does not depend on what the register held: EOR and SUB of itself. */
	if (rn == rm && !by && ((add && opc >= 2) || (!add && opc == 2 && !bits(word, 21, 1)))) {
		constant(insn, rd, 0);
		return true;
	}
	read_reg(insn, rn, wide);
	read_reg(insn, rm, wide);
	/* MOV is ORR with the zero register. */
	if (wide && rd != 31 && rm != 31 && rn == 31 && !by && !add && opc == 1 &&
	    !bits(word, 21, 1))
		copy(insn, rd, rm, 0);
	return true;
}

static bool extended(u32 word, struct insn *insn)
{
	bool wide = word >> 31, flags = bits(word, 29, 1);
	u32 rd = bits(word, 0, 5);

	if (bits(word, 22, 2) || bits(word, 10, 3) > 4)
		return false;
	read_reg_sp(insn, bits(word, 5, 5), wide);
	read_reg(insn, bits(word, 16, 5), wide && bits(word, 13, 2) == 3);
	if (flags) {
		write_reg(insn, rd);
		insn->write.other |= OTHER_NZCV;
	} else {
		write_reg_sp(insn, rd);
	}
	return true;
}

static bool carry(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 mask = bits(word, 0, 4);

	if (!bits(word, 10, 6)) {			/* ADC, SBC */
		read_reg(insn, bits(word, 5, 5), wide);
		read_reg(insn, bits(word, 16, 5), wide);
		insn->read.other |= OTHER_C;
		write_reg(insn, bits(word, 0, 5));
		if (bits(word, 29, 1))
			insn->write.other |= OTHER_NZCV;
		return true;
	}
	if ((word & 0xffe07c10) == 0xba000400) {	/* RMIF */
		read_reg(insn, bits(word, 5, 5), true);
		insn->write.other |= (mask & 8 ? OTHER_N : 0) | (mask & 4 ? OTHER_Z : 0) |
				     (mask & 2 ? OTHER_C : 0) | (mask & 1 ? OTHER_V : 0);
		return true;
	}
	if ((word & 0xffffbc1f) == 0x3a00080d) {	/* SETF8, SETF16 */
		read_reg(insn, bits(word, 5, 5), false);
		insn->write.other |= OTHER_N | OTHER_Z | OTHER_V;
		return true;
	}
	return false;
}

static bool two_sources(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 op = bits(word, 10, 6);
	bool crc = op >= 0x10 && op <= 0x17, division = op == 2 || op == 3;
	bool shift = op >= 8 && op <= 11, sign = op == 0xc && wide;	/* PACGA */

	if (bits(word, 29, 1) || !(crc || division || shift || sign) ||
	    (crc && wide != ((op & 3) == 3)))
		return false;
	read_reg(insn, bits(word, 5, 5), wide && !crc);
	if (sign)
		read_reg_sp(insn, bits(word, 16, 5), true);
	else
		read_reg(insn, bits(word, 16, 5), wide);
	write_reg(insn, bits(word, 0, 5));
	return true;
}

static bool one_source(u32 word, struct insn *insn)
{
	bool wide = word >> 31;
	u32 op = bits(word, 10, 6), rd = bits(word, 0, 5), rn = bits(word, 5, 5);

	if (bits(word, 29, 1))
		return false;
	if (!bits(word, 16, 5)) {
		if (op > 5 || (!wide && op == 3))
			return false;
		read_reg(insn, rn, wide);
		write_reg(insn, rd);
		return true;
	}
	/* Pointers are signed and authenticated: PAC, AUT, XPAC. */
	if (bits(word, 16, 5) != 1 || !wide || op > 17 || (op > 7 && rn != 31))
		return false;
	read_reg(insn, rd, true);
	if (op < 8)
		read_reg_sp(insn, rn, true);
	write_reg(insn, rd);
	return true;
}

static bool three_sources(u32 word, struct insn *insn)
{
	bool wide = word >> 31, sub = bits(word, 15, 1);
	u32 op = bits(word, 21, 3);
	bool high = op == 2 || op == 6, lengthens = op == 1 || op == 5;

	if (bits(word, 29, 2) || (op && !wide) || !(!op || high || lengthens) || (high && sub))
		return false;
	read_reg(insn, bits(word, 5, 5), wide && !lengthens);
	read_reg(insn, bits(word, 16, 5), wide && !lengthens);
	if (!high)
		read_reg(insn, bits(word, 10, 5), wide);
	write_reg(insn, bits(word, 0, 5));
	return true;
}

static bool registers(u32 word, struct insn *insn)
{
	bool wide = word >> 31;

	if (!bits(word, 28, 1))
		return bits(word, 24, 1) && bits(word, 21, 1) ? extended(word, insn) :
								shifted(word, insn);
	switch (bits(word, 21, 4)) {
	case 0:
		return carry(word, insn);
	case 2:			/* CCMP, CCMN */
		if (!bits(word, 29, 1) || word & 0x410)
			return false;
		read_reg(insn, bits(word, 5, 5), wide);
		if (!bits(word, 11, 1))
			read_reg(insn, bits(word, 16, 5), wide);
		insn->read.other |= arm64_condition(bits(word, 12, 4));
		insn->write.other |= OTHER_NZCV;
		return true;
	case 4:			/* CSEL, CSINC, CSINV, CSNEG */
		if (bits(word, 29, 1) || bits(word, 11, 1))
			return false;
		read_reg(insn, bits(word, 5, 5), wide);
		read_reg(insn, bits(word, 16, 5), wide);
		insn->read.other |= arm64_condition(bits(word, 12, 4));
		write_reg(insn, bits(word, 0, 5));
		return true;
	case 6:
		return bits(word, 30, 1) ? one_source(word, insn) : two_sources(word, insn);
	case 8: case 9: case 10: case 11: case 12: case 13: case 14: case 15:
		return three_sources(word, insn);
	default:
		return false;
	}
}

/* ---- Branches ------------------------------------------------------------------------- */

static bool branch_register(u32 word, struct insn *insn)
{
	u32 opc = bits(word, 21, 4), op3 = bits(word, 10, 6), rn = bits(word, 5, 5);
	u32 rm = bits(word, 0, 5);
	bool plain = !op3 && !rm, key = op3 == 2 || op3 == 3, zero = key && rm == 31;

	if (bits(word, 16, 5) != 31)
		return false;
	switch (opc) {
	case 0: case 1:		/* BR, BLR; BRAAZ */
		if (!plain && !zero)
			return false;
		break;
	case 2:			/* RET, RETAA */
		if (zero && rn == 31) {
			rn = ARM64_LR;
			read_reg_sp(insn, ARM64_SP, true);
		} else if (!plain) {
			return false;
		}
		break;
	case 8: case 9:		/* BRAA, BLRAA */
		if (!key)
			return false;
		read_reg_sp(insn, rm, true);
		break;
	case 4: case 5:		/* ERET, ERETAA, DRPS: not for user mode */
		if (rn != 31 || !(plain || (zero && opc == 4)))
			return false;
		insn->flow = FLOW_STOP;
		return true;
	default:
		return false;
	}
	read_reg(insn, rn, true);
	insn->flow = opc == 2 ? FLOW_RETURN : opc & 1 ? FLOW_CALL_INDIRECT : FLOW_JUMP_INDIRECT;
	if (opc & 1)
		write_reg(insn, ARM64_LR);
	return true;
}

static bool exception(u32 word, struct insn *insn)
{
	u32 opc = bits(word, 21, 3), level = bits(word, 0, 2);

	if (bits(word, 2, 3))
		return false;
	if (!opc && level == 1) {			/* SVC */
		insn->syscall = true;
		read_reg(insn, 8, true);
		write_reg(insn, 0);
		return true;
	}
	/* HVC, SMC; BRK, HLT; DCPS: none goes on. */
	if (!(!opc && level) && !((opc == 1 || opc == 2) && !level) && !(opc == 5 && level))
		return false;
	insn->flow = FLOW_STOP;
	return true;
}

/* ---- System ----------------------------------------------------------------------------- */

static void hint(u32 number, struct insn *insn)
{
	switch (number) {
	case 0x07:				/* XPACLRI */
		read_reg(insn, ARM64_LR, true);
		write_reg(insn, ARM64_LR);
		break;
	case 0x08: case 0x0a: case 0x0c: case 0x0e:	/* PACIA1716 ... */
		read_reg(insn, 16, true);
		read_reg(insn, 17, true);
		write_reg(insn, 17);
		break;
	case 0x19: case 0x1b: case 0x1d: case 0x1f:	/* PACIASP ... */
		read_reg_sp(insn, ARM64_SP, true);
		/* fall through */
	case 0x18: case 0x1a: case 0x1c: case 0x1e:	/* PACIAZ ... */
		read_reg(insn, ARM64_LR, true);
		write_reg(insn, ARM64_LR);
		break;
	case 0x28:				/* CHKFEAT */
		read_reg(insn, 16, true);
		write_reg(insn, 16);
		break;
	}
}

#define SYSTEM(op1, crn, crm, op2)	((op1) << 11 | (crn) << 7 | (crm) << 3 | (op2))
#define SYSTEM_3(op1, crn, crm, op2)	(1 << 14 | SYSTEM(op1, crn, crm, op2))

/* MSR and MRS: of a register not listed nothing is said but that MRS reads it. */
static bool system_register(u32 word, struct insn *insn)
{
	static const struct {
		u32 number;
		u64 other;
	} known[] = {
		{ SYSTEM_3(3, 4, 2, 0), OTHER_NZCV }, { SYSTEM_3(3, 4, 4, 0), OTHER_FPCR },
		{ SYSTEM_3(3, 4, 4, 1), OTHER_FPSR }, { SYSTEM_3(3, 13, 0, 2), OTHER_TPIDR },
		{ SYSTEM_3(3, 10, 2, 4), OTHER_POR },
	};
	u32 number = bits(word, 5, 15), rt = bits(word, 0, 5), i;
	bool from = bits(word, 21, 1);

	for (i = 0; i < sizeof(known) / sizeof(*known) && known[i].number != number; i++)
		;
	if (i == sizeof(known) / sizeof(*known) && !from)
		return false;
	if (from) {
		write_reg(insn, rt);
		if (number == SYSTEM_3(3, 2, 4, 0) || number == SYSTEM_3(3, 2, 4, 1))
			insn->write.other |= OTHER_NZCV;	/* RNDR, RNDRRS */
	} else {
		read_reg(insn, rt, true);
	}
	if (i < sizeof(known) / sizeof(*known))
		*(from ? &insn->read.other : &insn->write.other) |= known[i].other;
	return true;
}

/* Caches: only DC ZVA stores, to a block of the machine's size around its address. */
static bool cache(u32 word, struct insn *insn)
{
	switch (bits(word, 5, 14)) {
	case SYSTEM(3, 7, 4, 1):			/* DC ZVA */
		insn->memory[insn->memory_nr++] = (struct memory) {
			.base = REG_NONE, .index = REG_NONE, .vector = true, .len = 64,
			.write = true,
		};
		break;
	case SYSTEM(3, 7, 5, 1):			/* IC IVAU; DC CVAC, CVAU, CVAP, CVADP, CIVAC */
	case SYSTEM(3, 7, 10, 1): case SYSTEM(3, 7, 11, 1): case SYSTEM(3, 7, 12, 1):
	case SYSTEM(3, 7, 13, 1): case SYSTEM(3, 7, 14, 1):
		break;
	default:
		return false;
	}
	read_reg(insn, bits(word, 0, 5), true);
	return true;
}

static bool system(u32 word, struct insn *insn)
{
	if ((word & 0xfffff01f) == 0xd503201f) {
		hint(bits(word, 5, 7), insn);
		return true;
	}
	if ((word & 0xfffff01f) == 0xd503301f) {	/* CLREX, barriers */
		u32 op2 = bits(word, 5, 3);

		return op2 == 2 || op2 >= 4;
	}
	if ((word & 0xffffffc0) == 0xd5031000) {	/* WFET, WFIT */
		read_reg(insn, bits(word, 0, 5), true);
		return true;
	}
	switch (word) {
	case 0xd500401f:				/* CFINV */
		insn->read.other |= OTHER_C;
		insn->write.other |= OTHER_C;
		return true;
	case 0xd500403f: case 0xd500405f:		/* XAFLAG, AXFLAG */
		insn->read.other |= OTHER_NZCV;
		insn->write.other |= OTHER_NZCV;
		return true;
	}
	if ((word & 0xfff80000) == 0xd5080000)
		return cache(word, insn);
	if ((word & 0xffd00000) == 0xd5100000)
		return system_register(word, insn);
	return false;
}

static bool branches(u32 word, struct insn *insn)
{
	u32 rt = bits(word, 0, 5), bit;

	if ((word & 0x7c000000) == 0x14000000) {	/* B, BL */
		insn->flow = word >> 31 ? FLOW_CALL : FLOW_JUMP;
		insn->target = insn->addr + (u64)signed_bits(word, 0, 26) * 4;
		if (word >> 31)
			write_reg(insn, ARM64_LR);
		return true;
	}
	if ((word & 0x7e000000) == 0x34000000) {	/* CBZ, CBNZ */
		insn->flow = FLOW_BRANCH;
		insn->target = insn->addr + (u64)signed_bits(word, 5, 19) * 4;
		read_reg(insn, rt, word >> 31);
		return true;
	}
	if ((word & 0x7e000000) == 0x36000000) {	/* TBZ, TBNZ */
		insn->flow = FLOW_BRANCH;
		insn->target = insn->addr + (u64)signed_bits(word, 5, 14) * 4;
		bit = bits(word, 31, 1) << 5 | bits(word, 19, 5);
		if (rt != 31)
			insn->read.gpr |= ARM64_W(rt) << (bit > 31);
		return true;
	}
	if ((word & 0xff000000) == 0x54000000) {	/* B.cond, BC.cond */
		insn->flow = bits(word, 0, 4) < 14 ? FLOW_BRANCH : FLOW_JUMP;
		insn->target = insn->addr + (u64)signed_bits(word, 5, 19) * 4;
		insn->read.other |= arm64_condition(bits(word, 0, 4));
		return true;
	}
	if ((word & 0xff000000) == 0xd4000000)
		return exception(word, insn);
	if ((word & 0xfe000000) == 0xd6000000)
		return branch_register(word, insn);
	return system(word, insn);
}

/* ---- The machine -------------------------------------------------------------------------- */

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
		insn->judged = immediate(word, insn);
		break;
	case 10: case 11:
		insn->judged = branches(word, insn);
		/* Where it leads is not known, either. */
		return insn->judged || (word & 0xff000000) == 0xd5000000;
	case 5: case 13:
		insn->judged = registers(word, insn);
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
