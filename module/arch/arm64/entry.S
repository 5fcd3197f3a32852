/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Called by ftrace at the very start of a kernel function of two arguments: do our part
 * first, then return into that function as if nothing had been.  Both may sleep.
 *
 *	x30	where that function goes on
 *	x9	where it will return to
 *	x0, x1	its arguments
 */
#include <linux/linkage.h>
#include <asm/assembler.h>

.macro ESTP_ENTRY name:req, function:req
SYM_CODE_START(\name)
	bti	c
	/* Two frame records, so that a backtrace shows the function and its caller. */
	stp	x29, x9, [sp, #-48]!
	mov	x29, sp
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	stp	x0, x1, [sp, #32]
	bl	\function
	ldp	x0, x1, [sp, #32]
	ldr	x9, [sp, #8]
	ldp	x29, x30, [sp, #16]
	add	sp, sp, #64
	ret	x9
SYM_CODE_END(\name)
.endm

	.text
	ESTP_ENTRY name=estp_arch_fork_mm_entry, function=estp_fork_mm
	ESTP_ENTRY name=estp_arch_fork_thread_entry, function=estp_fork_thread
