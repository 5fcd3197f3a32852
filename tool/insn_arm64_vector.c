// SPDX-License-Identifier: MIT
/*
 * arm64: FP and SIMD.
 *
 * A vector register is written as a whole: what an instruction does not set becomes 0.  So
 * the destination is read where it is added to, or where a part of it is kept.
 */
#include "insn_arm64.h"

static void read_vec(struct insn *insn, u32 n)
{
	insn->read.other |= OTHER_VEC(n);
}

static void write_vec(struct insn *insn, u32 n)
{
	insn->write.other |= OTHER_VEC(n);
}

static u32 rd_of(u32 word)
{
	return bits(word, 0, 5);
}

static u32 rn_of(u32 word)
{
	return bits(word, 5, 5);
}

static u32 rm_of(u32 word)
{
	return bits(word, 16, 5);
}

/* One source, two; the destination's old value, too. */
static bool unary(u32 word, struct insn *insn, bool kept)
{
	read_vec(insn, rn_of(word));
	if (kept)
		read_vec(insn, rd_of(word));
	write_vec(insn, rd_of(word));
	return true;
}

static bool binary(u32 word, struct insn *insn, bool kept)
{
	read_vec(insn, rm_of(word));
	return unary(word, insn, kept);
}

/* ---- Scalar floating point --------------------------------------------------------------- */

/* Between a general register and a vector register. */
static bool conversion(u32 word, struct insn *insn)
{
	bool wide = word >> 31, fixed = !bits(word, 21, 1);
	u32 type = bits(word, 22, 2), mode = bits(word, 19, 2), op = bits(word, 16, 3);
	bool upper = mode == 1 && type == 2;	/* FMOV of bits 127..64 */
	bool from = op == 2 || op == 3 || op == 7;

	if (fixed && !((mode == 3 && op < 2) || (!mode && (op == 2 || op == 3))))
		return false;
	if (fixed && !wide && !bits(word, 15, 1))
		return false;
	if (op >= 6) {
		if (op == 6 && mode == 3 && type == 1 && !wide)		/* FJCVTZS */
			insn->write.other |= OTHER_NZCV;
		else if (upper ? !wide : mode || !(type == 3 || type == wide))
			return false;
	} else if (type == 2 || (op >= 2 && mode)) {
		return false;
	}
	if (from) {
		read_reg(insn, rn_of(word), wide);
		if (upper)
			read_vec(insn, rd_of(word));
		write_vec(insn, rd_of(word));
	} else {
		read_vec(insn, rn_of(word));
		write_reg(insn, rd_of(word));
	}
	return true;
}

static bool one_source(u32 word, struct insn *insn)
{
	u32 type = bits(word, 22, 2), op = bits(word, 15, 6);

	/* FMOV, FABS, FNEG, FSQRT; FCVT to another size; FRINT; FRINT32, FRINT64. */
	if (type == 2 || op == 0xd || op > 0x13 || (op == 6) || (op >= 0x10 && type == 3) ||
	    (op >= 4 && op <= 7 && (op & 3) == type))
		return false;
	return unary(word, insn, false);
}

static bool scalar(u32 word, struct insn *insn)
{
	u32 type = bits(word, 22, 2);

	if (bits(word, 29, 1))
		return false;
	if (bits(word, 24, 1)) {			/* FMADD ... */
		if (word >> 31 || type == 2)
			return false;
		read_vec(insn, bits(word, 10, 5));
		return binary(word, insn, false);
	}
	if (!bits(word, 21, 1) || !bits(word, 10, 6))
		return conversion(word, insn);
	if (word >> 31 || type == 2)
		return false;
	switch (bits(word, 10, 2)) {
	case 1:						/* FCCMP */
		read_vec(insn, rn_of(word));
		read_vec(insn, rm_of(word));
		insn->read.other |= arm64_condition(bits(word, 12, 4));
		insn->write.other |= OTHER_NZCV;
		return true;
	case 2:
		return bits(word, 12, 4) <= 8 && binary(word, insn, false);
	case 3:						/* FCSEL */
		insn->read.other |= arm64_condition(bits(word, 12, 4));
		return binary(word, insn, false);
	}
	if (bits(word, 10, 5) == 0x10)
		return one_source(word, insn);
	if (bits(word, 10, 6) == 8) {			/* FCMP */
		if (bits(word, 0, 3) || (bits(word, 3, 1) && rm_of(word)))
			return false;
		read_vec(insn, rn_of(word));
		if (!bits(word, 3, 1))
			read_vec(insn, rm_of(word));
		insn->write.other |= OTHER_NZCV;
		return true;
	}
	if (bits(word, 10, 3) == 4 && !rn_of(word)) {	/* FMOV of a constant */
		write_vec(insn, rd_of(word));
		return true;
	}
	return false;
}

/* ---- SIMD ----------------------------------------------------------------------------------- */

/* Narrowing to the upper half of a register keeps the lower one. */
static bool upper_half(u32 word)
{
	return bits(word, 30, 1) && !bits(word, 28, 1);
}

static bool three_same(u32 word, struct insn *insn)
{
	bool u = bits(word, 29, 1), kept = false;
	u32 op = bits(word, 11, 5), size = bits(word, 22, 2);

	if (!arm64_exists(ARM64_THREE_SAME, word, op, size))
		return false;
	switch (op) {
	case 0x03:
		kept = u && size;			/* BSL, BIT, BIF */
		if (u && !size && rn_of(word) == rm_of(word) && !bits(word, 28, 1)) {
			write_vec(insn, rd_of(word));	/* EOR of itself */
			return true;
		}
		break;
	case 0x0f: case 0x12:				/* SABA, MLA, MLS */
		kept = true;
		break;
	case 0x19:					/* FMLA, FMLS; FMLAL2 */
		kept = true;
		break;
	case 0x1d:					/* FMLAL; else FACGE */
		kept = !u;
		break;
	}
	return binary(word, insn, kept);
}

static bool two_misc(u32 word, struct insn *insn)
{
	u32 op = bits(word, 12, 5);

	return arm64_exists(ARM64_TWO_MISC, word, op, bits(word, 22, 2)) &&
	       unary(word, insn, op == 3 || op == 6 ||
		     (upper_half(word) && (op == 0x12 || op == 0x14 || op == 0x16)));
}

static bool three_different(u32 word, struct insn *insn)
{
	u32 op = bits(word, 12, 4);

	return arm64_exists(ARM64_THREE_DIFFERENT, word, op, bits(word, 22, 2)) &&
	       binary(word, insn, op == 5 || (op >= 8 && op <= 11) ||
		      (upper_half(word) && (op == 4 || op == 6)));
}

static bool shift(u32 word, struct insn *insn)
{
	bool u = bits(word, 29, 1);
	u32 op = bits(word, 11, 5), size = 31 - __builtin_clz(bits(word, 19, 4));

	return arm64_exists(ARM64_SHIFT, word, op, size) &&
	       unary(word, insn, op == 2 || op == 6 || (u && (op == 8 || op == 10)) ||
		     (upper_half(word) && op >= 0x10 && op <= 0x13));
}

static bool constant(u32 word, struct insn *insn)
{
	u32 mode = bits(word, 12, 4);
	bool op = bits(word, 29, 1);

	if (bits(word, 11, 1) ? mode != 15 || op : mode == 15 && op && !bits(word, 30, 1))
		return false;
	if (mode & 1 && mode < 12)			/* ORR, BIC */
		read_vec(insn, rd_of(word));
	write_vec(insn, rd_of(word));
	return true;
}

static bool by_element(u32 word, struct insn *insn)
{
	static const u16 kept[2] = { 0x40ee, 0xe055 };
	bool u = bits(word, 29, 1);
	u32 op = bits(word, 12, 4), size = bits(word, 22, 2);

	if (!arm64_exists(ARM64_BY_ELEMENT, word, op, size) || (size == 3 && bits(word, 21, 1)))
		return false;
	/* Complex numbers, mixed sizes: their registers are found otherwise. */
	if ((u && (op & 9) == 1) || (!u && op == 15) ||
	    (size == 2 && (u ? op == 8 || op == 12 : !op || op == 4)))
		return false;
	read_vec(insn, size < 2 ? bits(word, 16, 4) : rm_of(word));
	return unary(word, insn, kept[u] >> op & 1);
}

static bool element_copy(u32 word, struct insn *insn)
{
	bool q = bits(word, 30, 1);
	u32 op = bits(word, 11, 4), size = bits(word, 16, 5);
	bool two = (size & 15) == 8;		/* elements of 64 bits */

	if (!(size & 15))
		return false;
	if (bits(word, 29, 1))				/* INS from an element */
		return q && unary(word, insn, true);
	switch (op) {
	case 0:						/* DUP */
		return (q || !two) && unary(word, insn, false);
	case 1: case 3:					/* DUP, INS from a general register */
		if (!q && (op == 3 || two))
			return false;
		read_reg(insn, rn_of(word), two);
		if (op == 3)
			read_vec(insn, rd_of(word));
		write_vec(insn, rd_of(word));
		return true;
	case 5: case 7:					/* SMOV, UMOV */
		if (op == 7 ? q != two : two || (!q && (size & 7) == 4))
			return false;
		read_vec(insn, rn_of(word));
		write_reg(insn, rd_of(word));
		return true;
	default:
		return false;
	}
}

static bool table(u32 word, struct insn *insn)
{
	u32 i;

	for (i = 1; i <= bits(word, 13, 2); i++)
		read_vec(insn, (rn_of(word) + i) % 32);
	return binary(word, insn, bits(word, 12, 1));	/* TBX */
}

static bool same(u32 word, u32 mask, u32 value)
{
	return (word & mask) == value;
}

/* Of one word: bit 28 is set in the scalar form of what there is for vectors, too. */
static bool simd(u32 word, struct insn *insn)
{
	u32 form = word & ~(bits(word, 28, 1) ? 0x50000000 : 0);
	bool vector = !bits(word, 28, 1);

	if (same(word, 0xfffe0c00, 0x4e280800))		/* AESE, AESD; AESMC, AESIMC */
		return bits(word, 12, 5) >= 4 && bits(word, 12, 5) <= 7 &&
		       unary(word, insn, bits(word, 12, 5) < 6);
	if (same(word, 0xfffe0c00, 0x5e280800))		/* SHA1H; SHA1SU1, SHA256SU0 */
		return bits(word, 12, 5) <= 2 && unary(word, insn, bits(word, 12, 5));
	if (same(word, 0xffe08c00, 0x5e000000))		/* SHA1C ... SHA256SU1 */
		return bits(word, 12, 3) < 7 && binary(word, insn, true);
	if (!vector && !bits(word, 30, 1))
		return false;
	if (same(form, 0x9f200400, 0x0e200400))
		return three_same(word, insn);
	if (same(form, 0x9f60c400, 0x0e400400))		/* halves; FMLA, FMLS */
		return arm64_exists(ARM64_HALF_THREE, word, bits(word, 11, 3), bits(word, 22, 2)) &&
		       binary(word, insn, !bits(word, 29, 1) && bits(word, 11, 3) == 1);
	if (same(form, 0x9f208400, 0x0e008400))		/* dot products, FCMLA; not FCADD */
		return arm64_exists(ARM64_EXTRA, word, bits(word, 11, 4), bits(word, 22, 2)) &&
		       binary(word, insn, (bits(word, 11, 4) & 13) != 12);
	if (same(form, 0x9f3e0c00, 0x0e200800))
		return two_misc(word, insn);
	if (same(form, 0x9f7e0c00, 0x0e780800))		/* halves */
		return arm64_exists(ARM64_HALF_MISC, word, bits(word, 12, 5), bits(word, 22, 2)) &&
		       unary(word, insn, false);
	if (same(form, 0x9f3e0c00, 0x0e300800))		/* across lanes, pairs */
		return arm64_exists(ARM64_ACROSS, word, bits(word, 12, 5), bits(word, 22, 2)) &&
		       unary(word, insn, false);
	if (same(form, 0x9f200c00, 0x0e200000))
		return three_different(word, insn);
	if (same(form, 0x9ff80400, 0x0f000400))
		return vector && constant(word, insn);
	if (same(form, 0x9f800400, 0x0f000400))
		return shift(word, insn);
	if (same(form, 0x9f000400, 0x0f000000))
		return by_element(word, insn);
	if (same(form, 0x9fe08400, 0x0e000400))
		return vector ? element_copy(word, insn) :
				!bits(word, 29, 1) && !bits(word, 11, 4) && bits(word, 16, 4) &&
				unary(word, insn, false);
	if (!vector)
		return false;
	if (same(word, 0xbfe08c00, 0x0e000000))
		return table(word, insn);
	if (same(word, 0xbf208c00, 0x0e000800))		/* ZIP, UZP, TRN */
		return bits(word, 12, 2) && (bits(word, 30, 1) || bits(word, 22, 2) != 3) &&
		       binary(word, insn, false);
	if (same(word, 0xbfe08400, 0x2e000000))		/* EXT */
		return (bits(word, 30, 1) || !bits(word, 14, 1)) && binary(word, insn, false);
	return false;
}

bool arm64_vector(u32 word, struct insn *insn)
{
	if (same(word, 0x5e000000, 0x1e000000))
		return scalar(word, insn);
	if (same(word, 0xffc08000, 0xce000000)) {	/* EOR3, BCAX */
		read_vec(insn, bits(word, 10, 5));
		return binary(word, insn, false);
	}
	if (same(word, 0xffe00000, 0xce800000))		/* XAR */
		return binary(word, insn, false);
	return !(word >> 31) && simd(word, insn);
}
