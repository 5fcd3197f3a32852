// SPDX-License-Identifier: MIT
/*
 * x86_64: what has to be said against Capstone's view of an instruction, and how addresses move.
 */
#include "insn_x86_64_parts.h"

/* ---- Corrections ------------------------------------------------------------------- */

static bool same_register(const cs_x86 *x86)
{
	u32 last = x86->op_count - 1;

	return x86->op_count >= 2 && x86->operands[last].type == X86_OP_REG &&
	       x86->operands[last - 1].type == X86_OP_REG &&
	       x86->operands[last].reg == x86->operands[last - 1].reg;
}

/* A result that does not depend on what the register held. */
static bool is_idiom(const cs_insn *cs)
{
	const cs_x86 *x86 = &cs->detail->x86;

	if (x86_mask_of(x86))	/* what is left out depends */
		return false;
	switch (cs->id) {
	case X86_INS_XOR: case X86_INS_SUB: case X86_INS_SBB:
	case X86_INS_PXOR: case X86_INS_XORPS: case X86_INS_XORPD:
	case X86_INS_PCMPEQB: case X86_INS_PCMPEQW: case X86_INS_PCMPEQD: case X86_INS_PCMPEQQ:
	case X86_INS_PSUBB: case X86_INS_PSUBW: case X86_INS_PSUBD: case X86_INS_PSUBQ:
	case X86_INS_VPXOR: case X86_INS_VPXORD: case X86_INS_VPXORQ: case X86_INS_VXORPS:
	case X86_INS_VXORPD: case X86_INS_VPCMPEQB: case X86_INS_VPCMPEQW:
	case X86_INS_VPCMPEQD: case X86_INS_VPCMPEQQ:
		return same_register(x86);
	case X86_INS_OR:
		return x86->operands[0].type == X86_OP_REG &&
		       x86->operands[1].type == X86_OP_IMM && x86->operands[1].imm == -1;
	case X86_INS_AND:
		return x86->operands[0].type == X86_OP_REG &&
		       x86->operands[1].type == X86_OP_IMM && !x86->operands[1].imm;
	default:
		return false;
	}
}

/* Its register in the first place keeps some of what it held, or may keep all of it. */
static bool keeps(const cs_insn *cs)
{
	const cs_x86_op *first = cs->detail->x86.operands, *mask = x86_mask_of(&cs->detail->x86);

	switch (cs->id) {
	/* of 0, and where there is nothing to tell */
	case X86_INS_BSF: case X86_INS_BSR: case X86_INS_LSL: case X86_INS_LAR:
	/* the upper part */
	case X86_INS_CVTSI2SS: case X86_INS_CVTSI2SD: case X86_INS_CVTSS2SD: case X86_INS_CVTSD2SS:
	case X86_INS_SQRTSS: case X86_INS_SQRTSD: case X86_INS_RCPSS: case X86_INS_RSQRTSS:
		return true;
	/* what the mask leaves out is another operand's */
	case X86_INS_VBLENDMPS: case X86_INS_VBLENDMPD: case X86_INS_VPBLENDMB:
	case X86_INS_VPBLENDMW: case X86_INS_VPBLENDMD: case X86_INS_VPBLENDMQ:
		return false;
	default:
		return mask && !mask->avx_zero_opmask && first->type == X86_OP_REG &&
		       first->reg >= X86_REG_XMM0 && first->reg <= X86_REG_ZMM31;
	}
}

static void write_operand(struct insn *insn, const cs_x86 *x86, u32 i)
{
	if (x86->operands[i].type == X86_OP_REG)
		x86_add_reg(&insn->write, x86->operands[i].reg, true);
}

static void read_operand(struct insn *insn, const cs_x86 *x86, u32 i)
{
	if (x86->operands[i].type == X86_OP_REG)
		x86_add_reg(&insn->read, x86->operands[i].reg, false);
}

/* As often as a register says, which may be 0: then the flags stay. */
static bool is_counted(const struct insn *insn, const cs_insn *cs)
{
	const cs_x86 *x86 = &cs->detail->x86;
	u32 i;

	switch (cs->id) {
	case X86_INS_SHL: case X86_INS_SAL: case X86_INS_SHR: case X86_INS_SAR:
	case X86_INS_SHLD: case X86_INS_SHRD:
	case X86_INS_ROL: case X86_INS_ROR: case X86_INS_RCL: case X86_INS_RCR:
		i = x86->op_count - 1;
		return i && x86->operands[i].type == X86_OP_REG && x86->operands[i].reg == X86_REG_CL;
	default:
		return insn->repeated;
	}
}

void x86_correct(struct insn *insn, const cs_insn *cs)
{
	const cs_x86 *x86 = &cs->detail->x86;
	struct memory *memory;
	u32 i;

	/* Of a jump it is BND, or nothing. */
	insn->repeated = insn->flow == FLOW_NEXT &&
			 (x86->prefix[0] == X86_PREFIX_REP || x86->prefix[0] == X86_PREFIX_REPNE);
	switch (cs->id) {
	case X86_INS_NOP:
		insn->read = insn->write = (struct regs) { 0 };
		break;
	case X86_INS_CQO: case X86_INS_CDQ: case X86_INS_CWD:	/* said to write rax, too */
		insn->write.gpr = cs->id == X86_INS_CWD ? 3ull << 4 * 2 : GPR(2);
		break;
	case X86_INS_TEST:	/* of the accumulator and a constant said to write it */
		insn->write.gpr = 0;
		break;
	case X86_INS_STOSB: case X86_INS_STOSW: case X86_INS_STOSD: case X86_INS_STOSQ:
	case X86_INS_LODSB: case X86_INS_LODSW: case X86_INS_LODSD: case X86_INS_LODSQ:
		if (!insn->repeated) {	/* some are said to count, always */
			insn->read.gpr &= ~GPR(1);
			insn->write.gpr &= ~GPR(1);
		}
		break;
	case X86_INS_CMPXCHG:
		read_operand(insn, x86, 0);
		write_operand(insn, x86, 0);
		x86_add_reg(&insn->read, x86->operands[0].size == 8 ? X86_REG_RAX :
				     x86->operands[0].size == 4 ? X86_REG_EAX :
				     x86->operands[0].size == 2 ? X86_REG_AX : X86_REG_AL, false);
		x86_add_reg(&insn->write, x86->operands[0].size >= 4 ? X86_REG_RAX :
				      x86->operands[0].size == 2 ? X86_REG_AX : X86_REG_AL, true);
		break;
	case X86_INS_ADOX:
		read_operand(insn, x86, 0);
		break;
	case X86_INS_VZEROUPPER:	/* a half of each, which is no register of its own here */
		insn->kept.other = insn->write.other;
		break;
	case X86_INS_XLATB:
		x86_add_reg(&insn->read, X86_REG_AL, false);
		x86_add_reg(&insn->read, X86_REG_RBX, false);
		x86_add_reg(&insn->write, X86_REG_AL, true);
		x86_add_memory(insn)->read = true;
		insn->memory[insn->memory_nr - 1].vector = true;
		break;
	case X86_INS_MASKMOVDQU: case X86_INS_VMASKMOVDQU: case X86_INS_MASKMOVQ:
		memory = x86_add_memory(insn);
		memory->base = 7;
		memory->len = cs->id == X86_INS_MASKMOVQ ? 8 : 16;
		memory->write = memory->partly = true;
		break;
	case X86_INS_SYSCALL:
		insn->read.gpr |= GPR(0);
		insn->write.gpr |= GPR(0) | GPR(1) | GPR(11);
		break;
	case X86_INS_WAIT:
		insn->read.other |= OTHER_X87;
		break;
	case X86_INS_EMMS: case X86_INS_FEMMS:
		insn->write.other |= OTHER_X87;
		break;
	case X86_INS_FNSAVE: case X86_INS_FRSTOR:
		insn->memory[0].len = 108;
		break;
	case X86_INS_LDMXCSR: case X86_INS_VLDMXCSR:
		insn->write.other |= OTHER_MXCSR;
		break;
	case X86_INS_STMXCSR: case X86_INS_VSTMXCSR:
		insn->read.other |= OTHER_MXCSR;
		break;
	case X86_INS_RDFSBASE:
		insn->read.other |= OTHER_FS;
		break;
	case X86_INS_RDGSBASE:
		insn->read.other |= OTHER_GS;
		break;
	case X86_INS_WRFSBASE:
		insn->write.other |= OTHER_FS;
		break;
	case X86_INS_WRGSBASE:
		insn->write.other |= OTHER_GS;
		break;
	/* Of these nothing useful is said, or not all that they do, or it depends on a mask. */
	case X86_INS_FXSAVE: case X86_INS_FXSAVE64: case X86_INS_FXRSTOR: case X86_INS_FXRSTOR64:
	case X86_INS_XSAVE: case X86_INS_XSAVE64: case X86_INS_XSAVEC: case X86_INS_XSAVEC64:
	case X86_INS_XSAVEOPT: case X86_INS_XSAVEOPT64: case X86_INS_XSAVES: case X86_INS_XSAVES64:
	case X86_INS_XRSTOR: case X86_INS_XRSTOR64: case X86_INS_XRSTORS: case X86_INS_XRSTORS64:
	case X86_INS_ENTER: case X86_INS_XBEGIN: case X86_INS_XEND: case X86_INS_XABORT:
	case X86_INS_XSTORE: case X86_INS_XCRYPTECB: case X86_INS_XCRYPTCBC: case X86_INS_XCRYPTCTR:
	case X86_INS_XCRYPTCFB: case X86_INS_XCRYPTOFB: case X86_INS_XSHA1: case X86_INS_XSHA256:
	case X86_INS_MONTMUL: case X86_INS_ENCLU:
	case X86_INS_VPGATHERDD: case X86_INS_VPGATHERDQ: case X86_INS_VPGATHERQD:
	case X86_INS_VPGATHERQQ: case X86_INS_VGATHERDPD: case X86_INS_VGATHERDPS:
	case X86_INS_VGATHERQPD: case X86_INS_VGATHERQPS:
	case X86_INS_VPSCATTERDD: case X86_INS_VPSCATTERDQ: case X86_INS_VPSCATTERQD:
	case X86_INS_VPSCATTERQQ: case X86_INS_VSCATTERDPD: case X86_INS_VSCATTERDPS:
	case X86_INS_VSCATTERQPD: case X86_INS_VSCATTERQPS:
		insn->judged = false;
		break;
	}
	/* All of x87 uses its stack and words, which are one here, and but for these it moves them. */
	if (x86->opcode[0] >= 0xd8 && x86->opcode[0] <= 0xdf) {
		insn->read.other |= OTHER_X87;
		if (cs->id != X86_INS_FNSTCW && cs->id != X86_INS_FNSTSW && cs->id != X86_INS_FNOP)
			insn->write.other |= OTHER_X87;
	}
	/* MMX is in it, too; who writes some of it keeps the rest. */
	if (insn->write.other & OTHER_X87)
		insn->read.other |= OTHER_X87;
	if (cs->id == X86_INS_FRSTOR)		/* all of it */
		insn->read.other &= ~OTHER_X87;
	if (is_counted(insn, cs))
		insn->kept.other = insn->write.other & OTHER_FLAGS;
	for (i = 0; insn->repeated && i < insn->memory_nr; i++)	/* not one time, perhaps */
		insn->memory[i].partly = insn->memory[i].onward = true;
	for (i = 1; x86_mask_of(x86) && i < x86->op_count; i++)	/* the last one is left out */
		read_operand(insn, x86, i);
	if (keeps(cs))		/* as much as is written: 64 bits with 32 */
		x86_add_reg(&insn->read, x86->operands[0].reg, true);
	if (is_idiom(cs))
		insn->read = (struct regs) { .other = insn->read.other & (OTHER_FLAGS | OTHER_X87) };
}

static bool full(unsigned int reg, u8 *number)
{
	struct part part = x86_general(reg);

	*number = part.number;
	return part.bits == 64;
}

/* How far the stack pointer moves; 0: it does otherwise, or not at all. */
static s64 pops(const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;
	s64 size = x86_is_narrow(&cs->detail->x86) ? 2 : 8;

	switch (cs->id) {
	case X86_INS_PUSH: case X86_INS_PUSHF: case X86_INS_PUSHFQ:
		return -size;
	case X86_INS_POP:
		if (op->type == X86_OP_REG && x86_general(op->reg).number == RSP)
			return 0;
		/* fall through */
	case X86_INS_POPF: case X86_INS_POPFQ:
		return size;
	default:
		return 0;
	}
}

static void add_pop(struct insn *insn, s64 by)
{
	struct memory *memory;

	insn->effect = EFFECT_COPY;
	insn->to = insn->from = RSP;
	insn->by = by;
	insn->read.gpr |= GPR(RSP);	/* not said of segment registers */
	insn->write.gpr |= GPR(RSP);
	if (by > 0)
		return;
	memory = x86_add_memory(insn);
	memory->base = RSP;
	memory->disp = by;
	memory->len = -by;
	memory->write = true;
}

/* Moves and additions of constants are followed, so that addresses can be compared. */
void x86_add_effect(struct insn *insn, const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;
	s64 by = pops(cs);

	if (by)
		add_pop(insn, by);
	if (by || !cs->detail->x86.op_count || op[0].type != X86_OP_REG)
		return;
	if (cs->id == X86_INS_XOR && is_idiom(cs)) {
		struct part part = x86_general(op[0].reg);

		if (part.bits >= 32) {
			insn->to = part.number;
			insn->effect = EFFECT_CONSTANT;
		}
		return;
	}
	if (!full(op[0].reg, &insn->to))
		return;
	switch (cs->id) {
	case X86_INS_MOV:
		if (op[1].type == X86_OP_REG && full(op[1].reg, &insn->from))
			insn->effect = EFFECT_COPY;
		break;
	case X86_INS_LEA:
		if (op[1].mem.base == X86_REG_RIP) {
			insn->effect = EFFECT_CONSTANT;
			insn->by = op[1].mem.disp + cs->address + cs->size;
		} else if (op[1].mem.index == X86_REG_INVALID && full(op[1].mem.base, &insn->from)) {
			insn->effect = EFFECT_COPY;
			insn->by = op[1].mem.disp;
		}
		break;
	case X86_INS_ADD: case X86_INS_SUB:
		insn->from = insn->to;
		if (op[1].type == X86_OP_IMM) {
			insn->effect = EFFECT_COPY;
			insn->by = cs->id == X86_INS_ADD ? (u64)op[1].imm : -(u64)op[1].imm;
		}
		break;
	case X86_INS_INC: case X86_INS_DEC:
		insn->from = insn->to;
		insn->effect = EFFECT_COPY;
		insn->by = cs->id == X86_INS_INC ? 1 : -1;
		break;
	}
}
