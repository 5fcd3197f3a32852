// SPDX-License-Identifier: MIT
#include <stdlib.h>

#include "insn.h"

struct decoder *decoder_open(enum machine machine)
{
	struct decoder *decoder = tool_alloc(sizeof(*decoder));

	decoder->isa = machine == MACHINE_X86_64 ? &isa_x86_64 : &isa_arm64;
	if (decoder->isa->open) {
		decoder->state = decoder->isa->open();
		if (!decoder->state) {
			free(decoder);
			return NULL;
		}
	}
	return decoder;
}

void decoder_close(struct decoder *decoder)
{
	if (decoder && decoder->isa->close)
		decoder->isa->close(decoder->state);
	free(decoder);
}

bool decode(struct decoder *decoder, const u8 *bytes, u64 len, u64 addr, struct insn *insn)
{
	return decoder->isa->decode(decoder->state, bytes, len, addr, insn);
}

struct regs regs_of_mask(const struct isa *isa, u32 mask)
{
	struct regs regs = { 0 };
	u32 i;

	for (i = 0; i < isa->gprs && i < 31; i++)
		if (mask >> i & 1)
			regs.gpr |= all_of(isa, i);
	if (mask & ESTP_CLEAR_FP)
		regs.other = isa->fp;
	return regs;
}

const char *regs_text(const struct isa *isa, const struct regs *regs, char *text, size_t len)
{
	const struct other_name *other;
	size_t at = 0;
	u32 i;

	*text = 0;
#define ADD(...) (at = at < len ? at + snprintf(text + at, len - at, __VA_ARGS__) : at)
	for (i = 0; i < isa->gprs; i++)
		if (regs->gpr & all_of(isa, i))
			ADD("%s%s", at ? ", " : "", isa->name[i]);
	for (i = 0; i < 32; i++)
		if (regs->other & OTHER_VEC(i))
			ADD("%s%s%u", at ? ", " : "", isa->vector, i);
	for (other = isa->other; other->bits; other++)
		if (regs->other & other->bits)
			ADD("%s%s", at ? ", " : "", other->name);
#undef ADD
	return text;
}
