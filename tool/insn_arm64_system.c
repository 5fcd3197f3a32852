// SPDX-License-Identifier: MIT
/* arm64: branches, hints, system registers, caches. */
#include "insn_arm64.h"

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
			.base = bits(word, 0, 5) == 31 ? REG_NONE : bits(word, 0, 5),
			.index = REG_NONE, .vector = true, .len = 64, .write = true,
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
		insn->read.other |= OTHER_Z | OTHER_C | (word & 0x40 ? OTHER_V : 0);
		insn->write.other |= OTHER_NZCV;
		return true;
	}
	if ((word & 0xfff80000) == 0xd5080000)
		return cache(word, insn);
	if ((word & 0xffd00000) == 0xd5100000)
		return system_register(word, insn);
	return false;
}

bool arm64_branch(u32 word, struct insn *insn)
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
