/* SPDX-License-Identifier: MIT */
/* Instructions as text, in the syntax that the project's sources use (AT&T). */
#ifndef ESTP_TOOL_DISASM_H
#define ESTP_TOOL_DISASM_H

#include <capstone/capstone.h>

#include "object.h"

#define DISASM_TEXT	192

/* NULL, with a sentence on the standard error, if Capstone cannot. */
csh *disasm_open(enum machine machine);
void disasm_close(csh *handle);
/* The length of the instruction at @bytes, at least 1; unknown ones are ".byte"s. */
u32 disasm_one(const struct object *object, csh *handle, const u8 *bytes, u64 len, u64 addr,
	       char text[DISASM_TEXT]);

/* What Capstone 4 does not know, and sequences that guard protection keys are full of. */
struct unknown_insn {
	const char *text;
	u32 len;
	enum { INSN_RDPKRU, INSN_WRPKRU, INSN_RDPID } which;
	u32 reg;		/* RDPID's */
};

bool disasm_unknown(const u8 *bytes, u64 len, struct unknown_insn *insn);

#endif /* ESTP_TOOL_DISASM_H */
