// SPDX-License-Identifier: MIT
/*
 * arm64: loads, stores, exclusives, atomics.
 *
 * A store-exclusive stores like any other, but partly: that it may store nothing is what its
 * status tells.  Atomics (LDADD, CAS, SWP and their like) read and write at once.
 */
#include "insn_arm64.h"

/* What some machines do, others not: not judged. */
#define UNPREDICTABLE	return false

static struct memory *access(struct insn *insn, u32 base, s64 disp, u32 len, bool load,
			     bool store)
{
	struct memory *memory = &insn->memory[insn->memory_nr++];

	*memory = (struct memory) {
		.base = base, .index = REG_NONE, .disp = disp, .len = len, .read = load,
		.write = store,
	};
	if (base != REG_NONE)
		read_reg_sp(insn, base, true);
	return memory;
}

/* The base moves, before or after: where it then points is known. */
static void write_back(struct insn *insn, u32 base, s64 by)
{
	write_reg_sp(insn, base);
	insn->effect = EFFECT_COPY;
	insn->to = insn->from = base;
	insn->by = by;
}

/* ---- Exclusive, ordered, compare and swap --------------------------------------------- */

static bool pair_swap(u32 word, struct insn *insn)
{
	bool wide = bits(word, 30, 1);
	u32 rs = bits(word, 16, 5), rt = bits(word, 0, 5), i;

	if ((rs | rt) & 1 || bits(word, 10, 5) != 31)
		return false;
	for (i = 0; i < 2; i++) {
		read_reg(insn, rs + i, wide);
		read_reg(insn, rt + i, wide);
		write_reg(insn, rs + i);
	}
	access(insn, bits(word, 5, 5), 0, wide ? 16 : 8, true, true);
	return true;
}

static bool exclusive(u32 word, struct insn *insn)
{
	u32 size = bits(word, 30, 2), rs = bits(word, 16, 5), rt2 = bits(word, 10, 5);
	u32 rn = bits(word, 5, 5), rt = bits(word, 0, 5);
	bool ordered = bits(word, 23, 1), load = bits(word, 22, 1), pair = bits(word, 21, 1);
	bool wide = size == 3;
	struct memory *memory;

	if (ordered && pair) {				/* CAS */
		if (rt2 != 31)
			return false;
		read_reg(insn, rs, wide);
		read_reg(insn, rt, wide);
		write_reg(insn, rs);
		access(insn, rn, 0, 1 << size, true, true);
		return true;
	}
	if (pair && size < 2)				/* CASP */
		return pair_swap(word, insn);
	if ((!pair && rt2 != 31) || ((ordered || load) && rs != 31))
		UNPREDICTABLE;
	memory = access(insn, rn, 0, pair ? 2 << size : 1 << size, load, !load);
	if (load) {
		if (pair && rt == rt2)
			UNPREDICTABLE;
		write_reg(insn, rt);
		if (pair)
			write_reg(insn, rt2);
		return true;
	}
	read_reg(insn, rt, wide);
	if (pair)
		read_reg(insn, rt2, wide);
	if (!ordered) {
		if (rs == rt || (pair && rs == rt2) || (rs == rn && rn != 31))
			UNPREDICTABLE;
		write_reg(insn, rs);
		memory->partly = true;
	}
	return true;
}

static bool atomic(u32 word, struct insn *insn)
{
	u32 size = bits(word, 30, 2), op = bits(word, 12, 4), rs = bits(word, 16, 5);
	u32 rn = bits(word, 5, 5);

	if (bits(word, 26, 1))
		return false;
	if (op == 12) {					/* LDAPR */
		if (bits(word, 22, 2) != 2 || rs != 31)
			return false;
		access(insn, rn, 0, 1 << size, true, false);
	} else {					/* LDADD ... LDUMIN, SWP */
		if (op > 8)
			return false;
		read_reg(insn, rs, size == 3);
		access(insn, rn, 0, 1 << size, true, true);
	}
	write_reg(insn, bits(word, 0, 5));
	return true;
}

/* ---- One register ------------------------------------------------------------------------ */

/* Its register is read or written; *hint, if it is a prefetch. */
static bool single_register(u32 word, struct insn *insn, u32 *len, bool *load, bool *prefetch)
{
	u32 size = bits(word, 30, 2), opc = bits(word, 22, 2), rt = bits(word, 0, 5);

	*prefetch = false;
	if (bits(word, 26, 1)) {
		u32 scale = (opc & 2) << 1 | size;

		if (scale > 4)
			return false;
		*len = 1 << scale;
		*load = opc & 1;
		*(*load ? &insn->write.other : &insn->read.other) |= OTHER_VEC(rt);
		return true;
	}
	*len = 1 << size;
	*load = opc;
	if (size == 3 && opc == 2) {
		*prefetch = true;
		return true;
	}
	if (size >= 2 && opc == 3)
		return false;
	if (opc)
		write_reg(insn, rt);
	else
		read_reg(insn, rt, size == 3);
	return true;
}

static bool single(u32 word, struct insn *insn)
{
	u32 rn = bits(word, 5, 5), rt = bits(word, 0, 5), rm = bits(word, 16, 5), mode;
	u32 option = bits(word, 13, 3), len;
	bool load, prefetch, moves;
	struct memory *memory;
	s64 disp;

	if (!single_register(word, insn, &len, &load, &prefetch))
		return false;
	if (bits(word, 24, 1)) {
		if (prefetch)
			read_reg_sp(insn, rn, true);
		else
			access(insn, rn, (s64)bits(word, 10, 12) * len, len, load, !load);
		return true;
	}
	mode = bits(word, 10, 2);
	if (bits(word, 21, 1)) {			/* with an index register */
		if (!(option & 2))
			return false;
		read_reg(insn, rm, option & 1);
		if (prefetch) {
			read_reg_sp(insn, rn, true);
			return true;
		}
		memory = access(insn, rn, 0, len, load, !load);
		if (rm != 31) {
			memory->index = rm;
			memory->scale = bits(word, 12, 1) ? len : 1;
			memory->extend = option & 1 ? 0 : option;
		}
		return true;
	}
	disp = signed_bits(word, 12, 9);
	moves = mode & 1;
	if (mode && prefetch)
		return false;
	if (mode == 2 && bits(word, 26, 1))
		return false;
	if (prefetch) {
		read_reg_sp(insn, rn, true);
		return true;
	}
	if (moves && rn == rt && rn != 31 && !bits(word, 26, 1))
		UNPREDICTABLE;
	access(insn, rn, mode == 1 ? 0 : disp, len, load, !load);
	if (moves)
		write_back(insn, rn, disp);
	return true;
}

static bool literal(u32 word, struct insn *insn)
{
	u32 opc = bits(word, 30, 2), rt = bits(word, 0, 5);
	u64 addr = insn->addr + (u64)signed_bits(word, 5, 19) * 4;

	if (bits(word, 26, 1)) {
		if (opc == 3)
			return false;
		access(insn, REG_NONE, addr, 4 << opc, true, false);
		insn->write.other |= OTHER_VEC(rt);
	} else if (opc != 3) {				/* 3: PRFM */
		access(insn, REG_NONE, addr, opc == 1 ? 8 : 4, true, false);
		write_reg(insn, rt);
	}
	return true;
}

/* LDAPUR, STLUR and their like; others here are tags and copies by one instruction. */
static bool ordered_unscaled(u32 word, struct insn *insn)
{
	u32 size = bits(word, 30, 2), opc = bits(word, 22, 2), rt = bits(word, 0, 5);

	if (bits(word, 21, 1) || bits(word, 10, 2) || (size == 3 && opc > 1) ||
	    (size == 2 && opc == 3))
		return false;
	access(insn, bits(word, 5, 5), signed_bits(word, 12, 9), 1 << size, opc, !opc);
	if (opc)
		write_reg(insn, rt);
	else
		read_reg(insn, rt, size == 3);
	return true;
}

/* LDRAA, LDRAB: where the pointer leads once it is authenticated is not followed. */
static bool authenticated(u32 word, struct insn *insn)
{
	u32 rn = bits(word, 5, 5), rt = bits(word, 0, 5);
	s64 disp = (signed_bits(word, 22, 1) * 512 + bits(word, 12, 9)) * 8;

	if ((word & 0xff200400) != 0xf8200400)
		return false;
	if (bits(word, 11, 1)) {
		if (rn == rt && rn != 31)
			UNPREDICTABLE;
		write_reg_sp(insn, rn);
	}
	access(insn, rn, disp, 8, true, false)->vector = true;
	write_reg(insn, rt);
	return true;
}

/* ---- Two registers --------------------------------------------------------------------------- */

static bool pair(u32 word, struct insn *insn)
{
	u32 opc = bits(word, 30, 2), mode = bits(word, 23, 2), rn = bits(word, 5, 5);
	u32 rt[2] = { bits(word, 0, 5), bits(word, 10, 5) }, len, i;
	bool vector = bits(word, 26, 1), load = bits(word, 22, 1), moves = mode & 1;
	s64 disp;

	if (opc == 3 || (!vector && opc == 1 && (!load || !mode)))
		return false;
	len = vector ? 4 << opc : opc == 2 ? 8 : 4;
	disp = signed_bits(word, 15, 7) * len;
	if ((load && rt[0] == rt[1]) ||
	    (moves && !vector && rn != 31 && (rn == rt[0] || rn == rt[1])))
		UNPREDICTABLE;
	for (i = 0; i < 2; i++) {
		if (vector)
			*(load ? &insn->write.other : &insn->read.other) |= OTHER_VEC(rt[i]);
		else if (load)
			write_reg(insn, rt[i]);
		else
			read_reg(insn, rt[i], opc == 2);
	}
	access(insn, rn, mode == 1 ? 0 : disp, 2 * len, load, !load);
	if (moves)
		write_back(insn, rn, disp);
	return true;
}

/* ---- Structures of vectors --------------------------------------------------------------------- */

static bool structures(u32 word, struct insn *insn)
{
	static const u8 nr_of[16] = { 4, 0, 4, 0, 3, 0, 3, 1, 2, 0, 2 };
	bool one = bits(word, 24, 1), moves = bits(word, 23, 1), load = bits(word, 22, 1);
	bool q = bits(word, 30, 1), merges = false;
	u32 rn = bits(word, 5, 5), rm = bits(word, 16, 5), rt = bits(word, 0, 5), nr, len, i;
	u32 size = bits(word, 10, 2), op = bits(word, 12, 4);

	if (word >> 31 || (!moves && rm) || (!one && bits(word, 21, 1)))
		return false;
	if (!one) {
		nr = nr_of[op];
		/* Elements that are interleaved are not as large as the register. */
		if (!nr || (!q && size == 3 && !(op & 2)))
			return false;
		len = nr * (q ? 16 : 8);
	} else {
		nr = (bits(word, 13, 1) << 1 | bits(word, 21, 1)) + 1;
		merges = load;
		switch (bits(word, 14, 2)) {
		case 0:
			len = 1;
			break;
		case 1:
			if (size & 1)
				return false;
			len = 2;
			break;
		case 2:
			if (size > 1 || (size && bits(word, 12, 1)))
				return false;
			len = size ? 8 : 4;
			break;
		default:				/* to all lanes */
			if (!load || bits(word, 12, 1))
				return false;
			merges = false;
			len = 1 << size;
			break;
		}
		len *= nr;
	}
	for (i = 0; i < nr; i++) {
		if (!load || merges)
			insn->read.other |= OTHER_VEC((rt + i) % 32);
		if (load)
			insn->write.other |= OTHER_VEC((rt + i) % 32);
	}
	access(insn, rn, 0, len, load, !load);
	if (moves && rm == 31) {
		write_back(insn, rn, len);
	} else if (moves) {
		read_reg(insn, rm, true);
		write_reg_sp(insn, rn);
	}
	return true;
}

bool arm64_memory(u32 word, struct insn *insn)
{
	switch (word & 0x3f000000) {
	case 0x08000000:
		return exclusive(word, insn);
	case 0x0c000000: case 0x0d000000:
		return structures(word, insn);
	case 0x18000000: case 0x1c000000:
		return literal(word, insn);
	case 0x19000000:
		return ordered_unscaled(word, insn);
	case 0x28000000: case 0x29000000: case 0x2c000000: case 0x2d000000:
		return pair(word, insn);
	case 0x39000000: case 0x3d000000:
		return single(word, insn);
	case 0x38000000: case 0x3c000000:
		if (!bits(word, 21, 1) || bits(word, 10, 2) == 2)
			return single(word, insn);
		return bits(word, 10, 2) ? authenticated(word, insn) : atomic(word, insn);
	default:
		return false;
	}
}
