/* SPDX-License-Identifier: MIT */
/* Where things are in a signal's frame, for assembler; frame.h compares. */
#ifndef OFFSETS_H
#define OFFSETS_H

#define FRAME_UC	128	/* the ucontext, from the stack pointer on; in it: */
#define UC_MASK		40
#define UC_REGS		184	/* x0 to x30, sp, pc, pstate: */
#define UC_PC		440
#define UC_RECORDS	464	/* the first is that of the vector registers; in it: */
#define FP_STATUS	8	/* fpsr, fpcr */
#define FP_V		16	/* v0 to v31 */

#endif /* OFFSETS_H */
