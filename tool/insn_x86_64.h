/* SPDX-License-Identifier: MIT */
/* The registers of x86_64, as struct regs has them. */
#ifndef ESTP_TOOL_INSN_X86_64_H
#define ESTP_TOOL_INSN_X86_64_H

#include "insn.h"

#define GPR(n)		(0xfull << 4 * (n))	/* all of general register n */
#define RSP		4

#define OTHER_MASK(i)	(1ull << (32 + (i)))	/* k0..k7 */
#define OTHER_CF	(1ull << 40)
#define OTHER_PF	(1ull << 41)
#define OTHER_AF	(1ull << 42)
#define OTHER_ZF	(1ull << 43)
#define OTHER_SF	(1ull << 44)
#define OTHER_OF	(1ull << 45)
#define OTHER_DF	(1ull << 46)
#define OTHER_FLAGS	(0x3full << 40)		/* the arithmetic ones */
#define OTHER_X87	(1ull << 47)
#define OTHER_MXCSR	(1ull << 48)
#define OTHER_PKRU	(1ull << 49)
#define OTHER_FS	(1ull << 50)		/* the base that fs: stands for */
#define OTHER_GS	(1ull << 51)
#define OTHER_SEGMENTS	(1ull << 52)		/* the other segment registers */
/* What bit 31 of a clear mask clears. */
#define OTHER_FP	(((1ull << 40) - 1) | OTHER_X87 | OTHER_MXCSR)

#endif /* ESTP_TOOL_INSN_X86_64_H */
