// SPDX-License-Identifier: MIT
/*
 * Capstone's view of an x86_64 instruction, and what has to be said against it.
 *
 * Capstone 4 takes most SSE and AVX stores, MOVBE, MOVNTI, CMPXCHG and rotates for loads: so
 * a memory operand in the first place is written, unless the instruction is one of those
 * that only read there.  Other corrections stand where they are made.
 */
#include <stdlib.h>
#include <string.h>

#include "disasm.h"
#include "insn_x86_64.h"

struct capstone {
	csh handle;
	cs_insn *insn;
};

static void *open_x86_64(void)
{
	struct capstone *capstone = tool_alloc(sizeof(*capstone));

	if (cs_open(CS_ARCH_X86, CS_MODE_64, &capstone->handle)) {
		free(capstone);
		return NULL;
	}
	cs_option(capstone->handle, CS_OPT_DETAIL, CS_OPT_ON);
	capstone->insn = cs_malloc(capstone->handle);
	return capstone;
}

static void close_x86_64(void *state)
{
	struct capstone *capstone = state;

	cs_free(capstone->insn, 1);
	cs_close(&capstone->handle);
	free(capstone);
}

/* ---- Registers ------------------------------------------------------------------ */

struct part {
	u8 number;
	u8 bits;	/* 8, 9 (bits 15..8), 16, 32, 64 */
};

#define FOUR(n, q, d, w, b)						\
	case X86_REG_##q: return (struct part) { n, 64 };		\
	case X86_REG_##d: return (struct part) { n, 32 };		\
	case X86_REG_##w: return (struct part) { n, 16 };		\
	case X86_REG_##b: return (struct part) { n, 8 }

static struct part general(unsigned int reg)
{
	switch (reg) {
	FOUR(0, RAX, EAX, AX, AL);
	FOUR(1, RCX, ECX, CX, CL);
	FOUR(2, RDX, EDX, DX, DL);
	FOUR(3, RBX, EBX, BX, BL);
	FOUR(4, RSP, ESP, SP, SPL);
	FOUR(5, RBP, EBP, BP, BPL);
	FOUR(6, RSI, ESI, SI, SIL);
	FOUR(7, RDI, EDI, DI, DIL);
	FOUR(8, R8, R8D, R8W, R8B);
	FOUR(9, R9, R9D, R9W, R9B);
	FOUR(10, R10, R10D, R10W, R10B);
	FOUR(11, R11, R11D, R11W, R11B);
	FOUR(12, R12, R12D, R12W, R12B);
	FOUR(13, R13, R13D, R13W, R13B);
	FOUR(14, R14, R14D, R14W, R14B);
	FOUR(15, R15, R15D, R15W, R15B);
	case X86_REG_AH: return (struct part) { 0, 9 };
	case X86_REG_CH: return (struct part) { 1, 9 };
	case X86_REG_DH: return (struct part) { 2, 9 };
	case X86_REG_BH: return (struct part) { 3, 9 };
	default: return (struct part) { REG_NONE, 0 };
	}
}

static u64 lanes(struct part part, bool written)
{
	u64 bits = part.bits == 8 ? 1 : part.bits == 9 ? 2 : part.bits == 16 ? 3 :
		   part.bits == 32 && !written ? 7 : 15;

	return bits << 4 * part.number;
}

static void add_reg(struct regs *set, unsigned int reg, bool written)
{
	struct part part = general(reg);

	if (part.number != REG_NONE)
		set->gpr |= lanes(part, written);
	else if (reg >= X86_REG_XMM0 && reg <= X86_REG_XMM31)
		set->other |= OTHER_VEC(reg - X86_REG_XMM0);
	else if (reg >= X86_REG_YMM0 && reg <= X86_REG_YMM31)
		set->other |= OTHER_VEC(reg - X86_REG_YMM0);
	else if (reg >= X86_REG_ZMM0 && reg <= X86_REG_ZMM31)
		set->other |= OTHER_VEC(reg - X86_REG_ZMM0);
	else if (reg >= X86_REG_K0 && reg <= X86_REG_K7)
		set->other |= OTHER_MASK(reg - X86_REG_K0);
	else if ((reg >= X86_REG_ST0 && reg <= X86_REG_ST7) || reg == X86_REG_FPSW ||
		 (reg >= X86_REG_MM0 && reg <= X86_REG_MM7))
		set->other |= OTHER_X87;
	else if (reg == X86_REG_FS)
		set->other |= OTHER_FS;
	else if (reg == X86_REG_GS)
		set->other |= OTHER_GS;
	else if (written && (reg == X86_REG_DS || reg == X86_REG_ES || reg == X86_REG_SS))
		set->other |= OTHER_SEGMENTS;
}

/* By its operand size prefix. */
static bool is_narrow(const cs_x86 *x86)
{
	return x86->prefix[2] == X86_PREFIX_OPSIZE && !(x86->rex & 8);
}

static bool has_register(const cs_x86 *x86)
{
	u32 i;

	for (i = 0; i < x86->op_count; i++)
		if (x86->operands[i].type == X86_OP_REG)
			return true;
	return false;
}

/* The mask register that it selects by, or NULL; of K instructions, a source. */
static const cs_x86_op *mask_of(const cs_x86 *x86)
{
	u32 i;

	for (i = 1; i + 1 < x86->op_count; i++)	/* what it selects from follows */
		if (x86->operands[i].type == X86_OP_REG && x86->operands[i].reg >= X86_REG_K0 &&
		    x86->operands[i].reg <= X86_REG_K7)
			return &x86->operands[i];
	return NULL;
}

/* ---- Flags ----------------------------------------------------------------------- */

static void add_flags(struct insn *insn, const cs_insn *cs, bool reads, bool writes)
{
	static const struct {
		u64 flag, read, write;
	} row[] = {
#define ROW(f, more) { OTHER_##f, X86_EFLAGS_TEST_##f, X86_EFLAGS_MODIFY_##f |		\
		       X86_EFLAGS_RESET_##f | X86_EFLAGS_UNDEFINED_##f | (more) }
		ROW(CF, X86_EFLAGS_SET_CF), ROW(PF, X86_EFLAGS_SET_PF), ROW(AF, X86_EFLAGS_SET_AF),
		ROW(ZF, X86_EFLAGS_SET_ZF), ROW(SF, X86_EFLAGS_SET_SF),
		ROW(OF, X86_EFLAGS_SET_OF | X86_EFLAGS_RESET_0F),
		{ OTHER_DF, X86_EFLAGS_TEST_DF, X86_EFLAGS_MODIFY_DF | X86_EFLAGS_RESET_DF |
		  X86_EFLAGS_SET_DF },
	};
	u64 said = cs->detail->x86.eflags, read = 0, write = 0;
	u32 i;

	for (i = 0; i < cs->detail->groups_count; i++)
		if (cs->detail->groups[i] == X86_GRP_FPU)
			said = 0;	/* then it is a union with the FPU's flags */
	for (i = 0; i < sizeof(row) / sizeof(*row); i++) {
		if (said & row[i].read)
			read |= row[i].flag;
		if (said & row[i].write)
			write |= row[i].flag;
	}
	switch (cs->id) {
	case X86_INS_ADC: case X86_INS_SBB: case X86_INS_CMC: case X86_INS_RCL:
	case X86_INS_RCR: case X86_INS_ADCX:
		read |= OTHER_CF;
		break;
	case X86_INS_ADOX:
		read |= OTHER_OF;
		break;
	case X86_INS_FCMOVB: case X86_INS_FCMOVNB: case X86_INS_FCMOVBE: case X86_INS_FCMOVNBE:
	case X86_INS_FCMOVE: case X86_INS_FCMOVNE: case X86_INS_FCMOVU: case X86_INS_FCMOVNU:
		read |= OTHER_CF | OTHER_PF | OTHER_ZF;
		break;
	case X86_INS_LZCNT:
		write |= OTHER_CF;
		break;
	case X86_INS_PREFETCHW:
		return;
	/* Of SSE, if they have a register; CMPSD and MOVSD are string instructions, too. */
	case X86_INS_CMPSS ... X86_INS_CMPORDPD: case X86_INS_MOVSS: case X86_INS_MOVSD:
		if (has_register(&cs->detail->x86))
			return;
		break;
	}
	/* Which ones was not said. */
	if (reads && !read)
		read = OTHER_FLAGS;
	if (writes && !write)
		write = OTHER_FLAGS;
	insn->read.other |= read;
	insn->write.other |= write;
}

/* ---- Memory ----------------------------------------------------------------------- */

/* A memory operand in the first place is only read. */
static bool only_reads(const cs_insn *cs)
{
	switch (cs->id) {
	case X86_INS_CMP: case X86_INS_TEST: case X86_INS_BT: case X86_INS_PUSH:
	case X86_INS_CALL: case X86_INS_JMP: case X86_INS_LCALL: case X86_INS_LJMP:
	case X86_INS_MUL: case X86_INS_IMUL: case X86_INS_DIV: case X86_INS_IDIV:
	case X86_INS_CMPSB: case X86_INS_CMPSW: case X86_INS_CMPSD: case X86_INS_CMPSQ:
	case X86_INS_SCASB: case X86_INS_SCASW: case X86_INS_SCASD: case X86_INS_SCASQ:
	case X86_INS_FLD: case X86_INS_FILD: case X86_INS_FBLD: case X86_INS_FLDCW:
	case X86_INS_FLDENV: case X86_INS_FRSTOR:
	case X86_INS_FADD: case X86_INS_FMUL: case X86_INS_FCOM: case X86_INS_FCOMP:
	case X86_INS_FSUB: case X86_INS_FSUBR: case X86_INS_FDIV: case X86_INS_FDIVR:
	case X86_INS_FIADD: case X86_INS_FIMUL: case X86_INS_FICOM: case X86_INS_FICOMP:
	case X86_INS_FISUB: case X86_INS_FISUBR: case X86_INS_FIDIV: case X86_INS_FIDIVR:
	case X86_INS_LDMXCSR: case X86_INS_VLDMXCSR: case X86_INS_VERR: case X86_INS_VERW:
		return true;
	default:
		return false;
	}
}

/* An address that is computed, or hinted at, but not accessed. */
static bool no_access(const cs_insn *cs)
{
	switch (cs->id) {
	case X86_INS_LEA: case X86_INS_NOP: case X86_INS_PREFETCH: case X86_INS_PREFETCHW:
	case X86_INS_PREFETCHNTA: case X86_INS_PREFETCHT0: case X86_INS_PREFETCHT1:
	case X86_INS_PREFETCHT2: case X86_INS_CLFLUSH: case X86_INS_CLFLUSHOPT:
	case X86_INS_CLWB:
		return true;
	default:
		return false;
	}
}

/* A memory operand in the first place, of which nothing is said, is read as well. */
static bool modifies(const cs_insn *cs)
{
	switch (cs->id) {
	case X86_INS_CMPXCHG: case X86_INS_CMPXCHG8B: case X86_INS_CMPXCHG16B:
	case X86_INS_ROL: case X86_INS_ROR: case X86_INS_RCL: case X86_INS_RCR:
		return true;
	default:
		return false;
	}
}

/* An operand in memory that is written by a mask. */
static bool stores_partly(const cs_insn *cs)
{
	switch (cs->id) {
	case X86_INS_VMASKMOVPS: case X86_INS_VMASKMOVPD:
	case X86_INS_VPMASKMOVD: case X86_INS_VPMASKMOVQ:
		return true;
	default:
		return mask_of(&cs->detail->x86);
	}
}

/* The bit's number, in a register, leads away from the operand: nobody knows how far. */
static bool is_bit_string(const cs_insn *cs)
{
	switch (cs->id) {
	case X86_INS_BT: case X86_INS_BTS: case X86_INS_BTR: case X86_INS_BTC:
		return cs->detail->x86.operands[1].type == X86_OP_REG;
	default:
		return false;
	}
}

static struct memory *add_memory(struct insn *insn)
{
	static struct memory spare;
	struct memory *memory = insn->memory_nr < 3 ? &insn->memory[insn->memory_nr++] : &spare;

	*memory = (struct memory) { .base = REG_NONE, .index = REG_NONE };
	return memory;
}

static void add_operand(struct insn *insn, const cs_insn *cs, u32 i)
{
	const cs_x86_op *op = &cs->detail->x86.operands[i];
	struct memory *memory;

	if (op->type != X86_OP_MEM || no_access(cs))
		return;
	memory = add_memory(insn);
	memory->disp = op->mem.disp;
	memory->scale = op->mem.scale;
	memory->len = op->size;
	memory->segment = op->mem.segment == X86_REG_FS ? 'f' :
			  op->mem.segment == X86_REG_GS ? 'g' : 0;
	if (op->mem.base == X86_REG_RIP)
		memory->disp += cs->address + cs->size;
	else if (op->mem.base != X86_REG_INVALID)
		memory->base = general(op->mem.base).number;
	if (op->mem.index != X86_REG_INVALID) {
		memory->index = general(op->mem.index).number;
		memory->vector = memory->index == REG_NONE && op->mem.index != X86_REG_RIZ &&
				 op->mem.index != X86_REG_EIZ;
	}
	memory->read = op->access & CS_AC_READ || !op->access;
	memory->write = op->access & CS_AC_WRITE;
	if (!i && only_reads(cs)) {
		memory->read = true;
		memory->write = false;
	} else if (!i && !memory->write) {
		memory->write = true;
		memory->read = modifies(cs);
	}
	memory->partly = stores_partly(cs);
	memory->beyond = is_bit_string(cs);
	if (memory->segment == 'f')
		insn->read.other |= OTHER_FS;
	else if (memory->segment == 'g')
		insn->read.other |= OTHER_GS;
}

/* ---- Where it leads ---------------------------------------------------------------- */

static void add_flow(struct insn *insn, const cs_insn *cs)
{
	const cs_x86 *x86 = &cs->detail->x86;
	bool direct = x86->op_count && x86->operands[0].type == X86_OP_IMM;
	u32 i;

	for (i = 0; i < cs->detail->groups_count; i++) {
		switch (cs->detail->groups[i]) {
		case CS_GRP_JUMP:
			insn->flow = !direct ? FLOW_JUMP_INDIRECT :
				     cs->id == X86_INS_JMP ? FLOW_JUMP : FLOW_BRANCH;
			break;
		case CS_GRP_CALL:
			insn->flow = direct ? FLOW_CALL : FLOW_CALL_INDIRECT;
			break;
		case CS_GRP_RET:
		case CS_GRP_IRET:
			insn->flow = FLOW_RETURN;
			break;
		}
	}
	switch (cs->id) {
	case X86_INS_LOOP: case X86_INS_LOOPE: case X86_INS_LOOPNE:
	case X86_INS_JRCXZ: case X86_INS_JECXZ:
		insn->flow = FLOW_BRANCH;
		break;
	case X86_INS_LJMP:
		insn->flow = FLOW_JUMP_INDIRECT;
		break;
	case X86_INS_LCALL:
		insn->flow = FLOW_CALL_INDIRECT;
		break;
	case X86_INS_UD2: case X86_INS_UD0: case X86_INS_UD2B: case X86_INS_HLT:
		insn->flow = FLOW_STOP;
		break;
	case X86_INS_SYSCALL: case X86_INS_SYSENTER:
		insn->syscall = true;
		break;
	case X86_INS_INT:
		insn->syscall = direct && x86->operands[0].imm == 0x80;
		break;
	}
	if (direct && insn->flow != FLOW_NEXT && insn->flow != FLOW_RETURN) {
		insn->target = x86->operands[0].imm;
		/* How long it then is, and where it leads, depends on who made the processor. */
		if (is_narrow(x86))
			insn->judged = false;
	}
}

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

	if (mask_of(x86))	/* what is left out depends */
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
	const cs_x86_op *first = cs->detail->x86.operands, *mask = mask_of(&cs->detail->x86);

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
		add_reg(&insn->write, x86->operands[i].reg, true);
}

static void read_operand(struct insn *insn, const cs_x86 *x86, u32 i)
{
	if (x86->operands[i].type == X86_OP_REG)
		add_reg(&insn->read, x86->operands[i].reg, false);
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

static void correct(struct insn *insn, const cs_insn *cs)
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
		add_reg(&insn->read, x86->operands[0].size == 8 ? X86_REG_RAX :
				     x86->operands[0].size == 4 ? X86_REG_EAX :
				     x86->operands[0].size == 2 ? X86_REG_AX : X86_REG_AL, false);
		add_reg(&insn->write, x86->operands[0].size >= 4 ? X86_REG_RAX :
				      x86->operands[0].size == 2 ? X86_REG_AX : X86_REG_AL, true);
		break;
	case X86_INS_ADOX:
		read_operand(insn, x86, 0);
		break;
	case X86_INS_VZEROUPPER:	/* what it clears is no register of its own here */
		insn->write = (struct regs) { 0 };
		break;
	case X86_INS_XLATB:
		add_reg(&insn->read, X86_REG_AL, false);
		add_reg(&insn->read, X86_REG_RBX, false);
		add_reg(&insn->write, X86_REG_AL, true);
		add_memory(insn)->read = true;
		insn->memory[insn->memory_nr - 1].vector = true;
		break;
	case X86_INS_MASKMOVDQU: case X86_INS_VMASKMOVDQU: case X86_INS_MASKMOVQ:
		memory = add_memory(insn);
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
	for (i = 0; insn->repeated && i < insn->memory_nr; i++)
		insn->memory[i].partly = true;	/* not one time, perhaps */
	for (i = 1; mask_of(x86) && i < x86->op_count; i++)	/* the last one is left out */
		read_operand(insn, x86, i);
	if (keeps(cs))		/* as much as is written: 64 bits with 32 */
		add_reg(&insn->read, x86->operands[0].reg, true);
	if (is_idiom(cs)) {
		insn->read = (struct regs) { .other = insn->read.other & OTHER_FLAGS };
	}
}

static bool full(unsigned int reg, u8 *number)
{
	struct part part = general(reg);

	*number = part.number;
	return part.bits == 64;
}

/* How far the stack pointer moves; 0: it does otherwise, or not at all. */
static s64 pops(const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;
	s64 size = is_narrow(&cs->detail->x86) ? 2 : 8;

	switch (cs->id) {
	case X86_INS_PUSH: case X86_INS_PUSHF: case X86_INS_PUSHFQ:
		return -size;
	case X86_INS_POP:
		if (op->type == X86_OP_REG && general(op->reg).number == RSP)
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
	memory = add_memory(insn);
	memory->base = RSP;
	memory->disp = by;
	memory->len = -by;
	memory->write = true;
}

/* Moves and additions of constants are followed, so that addresses can be compared. */
static void add_effect(struct insn *insn, const cs_insn *cs)
{
	const cs_x86_op *op = cs->detail->x86.operands;
	s64 by = pops(cs);

	if (by)
		add_pop(insn, by);
	if (by || !cs->detail->x86.op_count || op[0].type != X86_OP_REG)
		return;
	if (cs->id == X86_INS_XOR && is_idiom(cs)) {
		struct part part = general(op[0].reg);

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

static void decode_unknown(const struct unknown_insn *unknown, u64 addr, struct insn *insn)
{
	*insn = (struct insn) { .addr = addr, .len = unknown->len, .judged = true };
	switch (unknown->which) {
	case INSN_RDPKRU:
		insn->read = (struct regs) { GPR(1), OTHER_PKRU };
		insn->write.gpr = GPR(0) | GPR(2);
		break;
	case INSN_WRPKRU:
		insn->read.gpr = 7ull | 7ull << 4 | 7ull << 8;
		insn->write.other = OTHER_PKRU;
		break;
	case INSN_RDPID:
		insn->write.gpr = GPR(unknown->reg);
		break;
	}
}

static bool decode_x86_64(void *state, const u8 *bytes, u64 len, u64 addr, struct insn *insn)
{
	struct capstone *capstone = state;
	struct unknown_insn unknown;
	cs_insn *cs = capstone->insn;
	size_t left = len < 16 ? len : 16;
	cs_regs read, write;
	u8 read_nr, write_nr, i;
	bool flags_read = false, flags_written = false;

	if (disasm_unknown(bytes, len, &unknown)) {
		decode_unknown(&unknown, addr, insn);
		return true;
	}
	if (!cs_disasm_iter(capstone->handle, &bytes, &left, &(uint64_t) { addr }, cs))
		return false;
	*insn = (struct insn) { .addr = addr, .len = cs->size, .judged = true };
	if (cs_regs_access(capstone->handle, cs, read, &read_nr, write, &write_nr)) {
		insn->judged = false;
		return true;
	}
	for (i = 0; i < read_nr; i++) {
		add_reg(&insn->read, read[i], false);
		flags_read |= read[i] == X86_REG_EFLAGS;
	}
	for (i = 0; i < write_nr; i++) {
		add_reg(&insn->write, write[i], true);
		flags_written |= write[i] == X86_REG_EFLAGS;
	}
	add_flags(insn, cs, flags_read, flags_written);
	for (i = 0; i < cs->detail->x86.op_count; i++)
		add_operand(insn, cs, i);
	add_flow(insn, cs);
	correct(insn, cs);
	add_effect(insn, cs);
	return true;
}

/* ---- The machine ------------------------------------------------------------------ */

static const char *const name[] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static const struct other_name other[] = {
	{ OTHER_MASK(0), "k0" }, { OTHER_MASK(1), "k1" }, { OTHER_MASK(2), "k2" },
	{ OTHER_MASK(3), "k3" }, { OTHER_MASK(4), "k4" }, { OTHER_MASK(5), "k5" },
	{ OTHER_MASK(6), "k6" }, { OTHER_MASK(7), "k7" },
	{ OTHER_FLAGS, "the flags" }, { OTHER_DF, "the direction flag" },
	{ OTHER_X87, "the x87 state" }, { OTHER_MXCSR, "mxcsr" }, { OTHER_PKRU, "pkru" },
	{ OTHER_FS, "the fs base" }, { OTHER_GS, "the gs base" },
	{ OTHER_SEGMENTS, "a segment register" }, { 0, NULL },
};

const struct isa isa_x86_64 = {
	.step = 1, .gprs = 16, .parts = 4, .stack = RSP, .fp = OTHER_FP,
	/* System V */
	.call = { GPR(0) | GPR(1) | GPR(2) | GPR(6) | GPR(7) | GPR(8) | GPR(9) | GPR(10) | GPR(11),
		  OTHER_FP | OTHER_FLAGS },
	.name = name, .other = other, .vector = "xmm",
	.open = open_x86_64, .close = close_x86_64, .decode = decode_x86_64,
};
