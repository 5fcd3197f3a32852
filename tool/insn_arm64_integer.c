// SPDX-License-Identifier: MIT
/* arm64: general registers and flags, without memory. */
#include "insn_arm64.h"

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

bool arm64_immediate(u32 word, struct insn *insn)
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

bool arm64_registers(u32 word, struct insn *insn)
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
