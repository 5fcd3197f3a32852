// SPDX-License-Identifier: MIT
/*
 * x86_64: Capstone's view of an instruction, and where it leads.
 */
#include <stdlib.h>
#include <string.h>

#include "insn_x86_64_parts.h"

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
		if (x86_is_narrow(x86))
			insn->judged = false;
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
		x86_add_reg(&insn->read, read[i], false);
		flags_read |= read[i] == X86_REG_EFLAGS;
	}
	for (i = 0; i < write_nr; i++) {
		x86_add_reg(&insn->write, write[i], true);
		flags_written |= write[i] == X86_REG_EFLAGS;
	}
	x86_add_flags(insn, cs, flags_read, flags_written);
	for (i = 0; i < cs->detail->x86.op_count; i++)
		x86_add_operand(insn, cs, i);
	add_flow(insn, cs);
	x86_correct(insn, cs);
	x86_add_effect(insn, cs);
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
