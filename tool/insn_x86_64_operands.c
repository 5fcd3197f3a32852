// SPDX-License-Identifier: MIT
/*
 * x86_64: registers, flags and memory that an instruction names.
 *
 * Capstone 4 takes most SSE and AVX stores, MOVBE, MOVNTI, CMPXCHG and rotates for loads: so
 * a memory operand in the first place is written, unless the instruction is one of those
 * that only read there.
 */
#include "insn_x86_64_parts.h"

/* ---- Registers ------------------------------------------------------------------ */

#define FOUR(n, q, d, w, b)						\
	case X86_REG_##q: return (struct part) { n, 64 };		\
	case X86_REG_##d: return (struct part) { n, 32 };		\
	case X86_REG_##w: return (struct part) { n, 16 };		\
	case X86_REG_##b: return (struct part) { n, 8 }

struct part x86_general(unsigned int reg)
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

void x86_add_reg(struct regs *set, unsigned int reg, bool written)
{
	struct part part = x86_general(reg);

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

bool x86_is_narrow(const cs_x86 *x86)
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

const cs_x86_op *x86_mask_of(const cs_x86 *x86)
{
	u32 i;

	for (i = 1; i + 1 < x86->op_count; i++)	/* what it selects from follows */
		if (x86->operands[i].type == X86_OP_REG && x86->operands[i].reg >= X86_REG_K0 &&
		    x86->operands[i].reg <= X86_REG_K7)
			return &x86->operands[i];
	return NULL;
}

/* ---- Flags ----------------------------------------------------------------------- */

void x86_add_flags(struct insn *insn, const cs_insn *cs, bool reads, bool writes)
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
		return x86_mask_of(&cs->detail->x86);
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

struct memory *x86_add_memory(struct insn *insn)
{
	static struct memory spare;
	struct memory *memory = insn->memory_nr < 3 ? &insn->memory[insn->memory_nr++] : &spare;

	*memory = (struct memory) { .base = REG_NONE, .index = REG_NONE };
	return memory;
}

void x86_add_operand(struct insn *insn, const cs_insn *cs, u32 i)
{
	const cs_x86_op *op = &cs->detail->x86.operands[i];
	struct memory *memory;

	if (op->type != X86_OP_MEM || no_access(cs))
		return;
	memory = x86_add_memory(insn);
	memory->disp = op->mem.disp;
	memory->scale = op->mem.scale;
	memory->len = op->size;
	memory->segment = op->mem.segment == X86_REG_FS ? 'f' :
			  op->mem.segment == X86_REG_GS ? 'g' : 0;
	if (op->mem.base == X86_REG_RIP)
		memory->disp += cs->address + cs->size;
	else if (op->mem.base != X86_REG_INVALID)
		memory->base = x86_general(op->mem.base).number;
	if (op->mem.index != X86_REG_INVALID) {
		memory->index = x86_general(op->mem.index).number;
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
