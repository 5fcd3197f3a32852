/* SPDX-License-Identifier: MIT */
/*
 * Into a signal handler, and out of it without the kernel's help.
 *
 * rt_sigreturn gives a thread whatever registers and whatever protection key rights the
 * frame holds, and a handler writes what it likes into its frame: for a hostile one this
 * system call is MSR POR_EL0.  But with the gate's sequence no frame ever holds an open box,
 * so nobody needs rights out of a frame any more, and the call can be forbidden (../filter.c).
 * This is the way back instead: everything of the frame but the rights.
 *
 * box_return:			a handler returns to here, the stack pointer at its frame
 *	vector registers
 *	if (the frame's pc is not at `again`)
 *		regs = x0..x30, sp, pc, flags of the frame
 *	signal mask
 *   leave:
 *	flags, sp, x0..x17, x19..x30 = regs
 *	goto the pc of regs
 *   again:			only after a signal
 *	goto leave
 *
 * No register is left for the pc in the end, so one is set aside: x18, which the compiler is told to leave
 * alone (../../worked.mk), and which some systems keep for themselves anyway.  A handler that comes
 * meanwhile returns by here, too, with the same x18 and the same regs.  It can come in
 * the INTERRUPT sequence alone, since handlers block all signals and these are let in by the call before it:
 * for that handler leaving has not begun, and who returns to `again` finds all in regs that is wanted.
 *
 * A process with several threads has one regs each (x18 could lead to it).  SVE's state is not brought
 * back: this process has none.
 */
#include <estp/page.h>

#include "offsets.h"

#define REGS		x18

	.text
	.globl	box_return, watch_entry
	.hidden	box_return, watch_entry
	.type	box_return, %function
box_return:
	add	x19, sp, #FRAME_UC
	add	x20, x19, #UC_RECORDS
	ldp	w0, w1, [x20, #FP_STATUS]
	msr	fpsr, x0
	msr	fpcr, x1
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	ldr	q\i, [x20, #FP_V + 16 * \i]
	.endr
	.irp	i, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	ldr	q\i, [x20, #FP_V + 16 * \i]
	.endr
	ldr	x0, [sp, #FRAME_UC + UC_PC]
	adr	x1, .Lagain
	cmp	x0, x1
	b.eq	.Lunblock
	adrp	x17, regs
	add	x17, x17, :lo12:regs
	add	x16, sp, #FRAME_UC + UC_REGS
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16
	ldp	x0, x1, [x16, #16 * \i]
	stp	x0, x1, [x17, #16 * \i]
	.endr
.Lunblock:
	mov	x0, #2			/* rt_sigprocmask(SIG_SETMASK, */
	add	x1, x19, #UC_MASK
	mov	x2, #0
	mov	x3, #8
	mov	x8, #135
	svc	#0
.Lleave:
	estp_waive box_leave, ESTP_RULE_INDIRECT	/* its last instruction */
	adrp	REGS, regs
	add	REGS, REGS, :lo12:regs
	ldp	x0, x1, [REGS, #8 * 31]
	mov	sp, x0
	ldr	x0, [REGS, #8 * 33]
	msr	nzcv, x0
	ldp	x0, x1, [REGS]
	ldp	x2, x3, [REGS, #8 * 2]
	ldp	x4, x5, [REGS, #8 * 4]
	ldp	x6, x7, [REGS, #8 * 6]
	ldp	x8, x9, [REGS, #8 * 8]
	ldp	x10, x11, [REGS, #8 * 10]
	ldp	x12, x13, [REGS, #8 * 12]
	ldp	x14, x15, [REGS, #8 * 14]
	ldp	x16, x17, [REGS, #8 * 16]
	ldp	x19, x20, [REGS, #8 * 19]
	ldp	x21, x22, [REGS, #8 * 21]
	ldp	x23, x24, [REGS, #8 * 23]
	ldp	x25, x26, [REGS, #8 * 25]
	ldp	x27, x28, [REGS, #8 * 27]
	ldp	x29, x30, [REGS, #8 * 29]
	ldr	REGS, [REGS, #8 * 32]
	ret	x18			/* not br: no landing pad is wanted */
.Lleft:
.Lagain:
	b	.Lleave
.Lagain_end:
	.size	box_return, . - box_return

	estp_inline_interrupt .Lleave, .Lleft, .Lagain, .Lagain_end

	.local	regs
	.comm	regs, 8 * 34, 16

/* A handler's first instruction: what the thread has in its registers goes to memory. */
	.type	watch_entry, %function
watch_entry:
	ESTP_LANDING_
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	sub	sp, sp, #32 * 8
	.irp	i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14
	str	x\i, [sp, #8 * \i]
	.endr
	.irp	i, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28
	str	x\i, [sp, #8 * \i]
	.endr
	mov	x3, sp
	bl	watch_signal
	add	sp, sp, #32 * 8
	ldp	x29, x30, [sp], #16
	ret
	.size	watch_entry, . - watch_entry

	.section .note.GNU-stack, "", %progbits
