// SPDX-License-Identifier: MIT
#include <stdlib.h>
#include <string.h>

#include "disasm.h"

csh *disasm_open(enum machine machine)
{
	csh *handle = tool_alloc(sizeof(*handle));
	cs_err error = machine == MACHINE_X86_64 ?
		       cs_open(CS_ARCH_X86, CS_MODE_64, handle) :
		       cs_open(CS_ARCH_ARM64, CS_MODE_LITTLE_ENDIAN, handle);

	if (error) {
		fprintf(stderr, "estp: Capstone cannot disassemble %s: %s\n",
			machine_name(machine), cs_strerror(error));
		free(handle);
		return NULL;
	}
	if (machine == MACHINE_X86_64)
		cs_option(*handle, CS_OPT_SYNTAX, CS_OPT_SYNTAX_ATT);
	return handle;
}

void disasm_close(csh *handle)
{
	if (handle)
		cs_close(handle);
	free(handle);
}

bool disasm_unknown(const u8 *bytes, u64 len, struct unknown_insn *insn)
{
	static const char *const reg[] = {
		"rdpid %rax", "rdpid %rcx", "rdpid %rdx", "rdpid %rbx", "rdpid %rsp", "rdpid %rbp",
		"rdpid %rsi", "rdpid %rdi", "rdpid %r8", "rdpid %r9", "rdpid %r10", "rdpid %r11",
		"rdpid %r12", "rdpid %r13", "rdpid %r14", "rdpid %r15",
	};
	u32 rex = 0, i = 1;

	if (len >= 3 && bytes[0] == 0x0f && bytes[1] == 0x01 && (bytes[2] & 0xfe) == 0xee) {
		insn->which = bytes[2] & 1 ? INSN_WRPKRU : INSN_RDPKRU;
		insn->text = bytes[2] & 1 ? "wrpkru" : "rdpkru";
		insn->len = 3;
		return true;
	}
	if (len < 4 || bytes[0] != 0xf3)
		return false;
	if ((bytes[1] & 0xf0) == 0x40)
		rex = bytes[i++];
	if (len < i + 3 || bytes[i] != 0x0f || bytes[i + 1] != 0xc7 || (bytes[i + 2] & 0xf8) != 0xf8)
		return false;
	insn->which = INSN_RDPID;
	insn->reg = (bytes[i + 2] & 7) | (rex & 1) << 3;
	insn->text = reg[insn->reg];
	insn->len = i + 3;
	return true;
}

/* Where a direct jump leads is said by name, too. */
static void add_name(const struct object *object, char *text, const char *operands)
{
	const char *number = operands;
	char where[128];
	char *end;
	u64 addr;

	if (*number == '#')
		number++;
	if (strncmp(number, "0x", 2))
		return;
	addr = strtoull(number, &end, 16);
	if (*end || !object_code(object, addr))
		return;
	object_where(object, addr, where, sizeof(where));
	if (*where)
		snprintf(text + strlen(text), DISASM_TEXT - strlen(text), " <%s>", where);
}

u32 disasm_one(const struct object *object, csh *handle, const u8 *bytes, u64 len, u64 addr,
	       char text[DISASM_TEXT])
{
	struct unknown_insn unknown;
	cs_insn *insn;
	u32 size = 0;

	if (object->machine == MACHINE_X86_64 && disasm_unknown(bytes, len, &unknown)) {
		snprintf(text, DISASM_TEXT, "%s", unknown.text);
		return unknown.len;
	}
	if (cs_disasm(*handle, bytes, len, addr, 1, &insn) == 1) {
		if (*insn->op_str)
			snprintf(text, DISASM_TEXT, "%-7s %s", insn->mnemonic, insn->op_str);
		else
			snprintf(text, DISASM_TEXT, "%s", insn->mnemonic);
		add_name(object, text, insn->op_str);
		size = insn->size;
		cs_free(insn, 1);
	}
	if (size)
		return size;
	if (object->machine == MACHINE_ARM64 && len >= 4) {
		snprintf(text, DISASM_TEXT, ".inst   0x%02x%02x%02x%02x", bytes[3], bytes[2],
			 bytes[1], bytes[0]);
		return 4;
	}
	snprintf(text, DISASM_TEXT, ".byte   0x%02x", bytes[0]);
	return 1;
}
