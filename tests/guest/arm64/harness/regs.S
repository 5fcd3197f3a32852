/* SPDX-License-Identifier: MIT */
/*
 * The whole register file in, the whole register file out.
 *
 *   regs_run_raw(in, out, stub)       on the stack while the sequence runs:
 *     save callee-saved                 sp+32   out
 *     load all of *in                   sp+16   x16, x17: by the stub, emit_mark(), ...
 *     jump to the stub                  sp      unused
 *        stub: x16, x17; b entry
 *        ...
 *     b regs_exit
 *   regs_exit:
 *     store everything to *out
 *     back to C's state, return
 *
 * The code at entry keeps sp, or at least leaves with it.  It may use sp+16.
 */
#include "arch.h"

	.arch	armv8-a+sve
	.text

#define SAVED	176

/* Vectors between memory at \base and registers; \op: ld or st.  Clobbers \t. */
.macro vectors op:req, base:req, t:req
	adrp	\t, regs_sve
	ldr	\t, [\t, #:lo12:regs_sve]
	cbz	\t, 1f
	add	\t, \base, #REGS_P
.ifc \op, ld
	/* FFR comes by way of a predicate register. */
	add	\t, \base, #REGS_FFR
	ldr	p0, [\t]
	wrffr	p0.b
	add	\t, \base, #REGS_P
.endif
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
	\op\()r	p\n, [\t, #\n, mul vl]
	.endr
.ifc \op, st
	rdffr	p0.b
	add	\t, \base, #REGS_FFR
	str	p0, [\t]
	add	\t, \base, #REGS_P
	ldr	p0, [\t]
.endif
	add	\t, \base, #REGS_Z
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op\()r	z\n, [\t, #\n, mul vl]
	.endr
	b	2f
1:
	.irp	n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
	\op\()r	q\n, [\base, #REGS_Z + 16 * \n]
	.endr
2:
.endm

/* void regs_run_raw(struct regs *in, struct regs *out, const void *stub) */
	.globl	regs_run_raw
	.hidden	regs_run_raw
	.type	regs_run_raw, %function
regs_run_raw:
	.cfi_startproc
	stp	x29, x30, [sp, #-SAVED]!
	.cfi_adjust_cfa_offset SAVED
	stp	x19, x20, [sp, #16]
	stp	x21, x22, [sp, #32]
	stp	x23, x24, [sp, #48]
	stp	x25, x26, [sp, #64]
	stp	x27, x28, [sp, #80]
	stp	d8, d9, [sp, #96]
	stp	d10, d11, [sp, #112]
	stp	d12, d13, [sp, #128]
	stp	d14, d15, [sp, #144]
	mrs	x3, fpcr
	str	x3, [sp, #160]
	sub	sp, sp, #48
	.cfi_adjust_cfa_offset 48
	str	x1, [sp, #32]
	mov	x3, sp
	str	x3, [x0, #REGS_SP]
	ldp	x4, x5, [x0, #REGS_X + 16 * 8]
	stp	x4, x5, [sp, #16]

	vectors	ld, x0, x3
	ldr	x3, [x0, #REGS_FPSR]
	msr	fpsr, x3
	ldr	x3, [x0, #REGS_FPCR]
	msr	fpcr, x3
	ldr	x3, [x0, #REGS_FLAGS]
	msr	nzcv, x3
	mov	x16, x2
	ldp	x2, x3, [x0, #REGS_X + 2 * 8]
	ldp	x4, x5, [x0, #REGS_X + 4 * 8]
	ldp	x6, x7, [x0, #REGS_X + 6 * 8]
	ldp	x8, x9, [x0, #REGS_X + 8 * 8]
	ldp	x10, x11, [x0, #REGS_X + 10 * 8]
	ldp	x12, x13, [x0, #REGS_X + 12 * 8]
	ldp	x14, x15, [x0, #REGS_X + 14 * 8]
	ldp	x18, x19, [x0, #REGS_X + 18 * 8]
	ldp	x20, x21, [x0, #REGS_X + 20 * 8]
	ldp	x22, x23, [x0, #REGS_X + 22 * 8]
	ldp	x24, x25, [x0, #REGS_X + 24 * 8]
	ldp	x26, x27, [x0, #REGS_X + 26 * 8]
	ldp	x28, x29, [x0, #REGS_X + 28 * 8]
	ldr	x30, [x0, #REGS_X + 30 * 8]
	ldp	x0, x1, [x0, #REGS_X]
	br	x16

	.globl	regs_exit
	.hidden	regs_exit
regs_exit:
	stp	x16, x17, [sp, #16]
	ldr	x16, [sp, #32]
	stp	x0, x1, [x16, #REGS_X]
	stp	x2, x3, [x16, #REGS_X + 2 * 8]
	stp	x4, x5, [x16, #REGS_X + 4 * 8]
	stp	x6, x7, [x16, #REGS_X + 6 * 8]
	stp	x8, x9, [x16, #REGS_X + 8 * 8]
	stp	x10, x11, [x16, #REGS_X + 10 * 8]
	stp	x12, x13, [x16, #REGS_X + 12 * 8]
	stp	x14, x15, [x16, #REGS_X + 14 * 8]
	stp	x18, x19, [x16, #REGS_X + 18 * 8]
	stp	x20, x21, [x16, #REGS_X + 20 * 8]
	stp	x22, x23, [x16, #REGS_X + 22 * 8]
	stp	x24, x25, [x16, #REGS_X + 24 * 8]
	stp	x26, x27, [x16, #REGS_X + 26 * 8]
	stp	x28, x29, [x16, #REGS_X + 28 * 8]
	str	x30, [x16, #REGS_X + 30 * 8]
	ldp	x2, x3, [sp, #16]
	stp	x2, x3, [x16, #REGS_X + 16 * 8]
	mov	x3, sp
	str	x3, [x16, #REGS_SP]
	mrs	x3, nzcv
	str	x3, [x16, #REGS_FLAGS]
	mrs	x3, fpsr
	str	x3, [x16, #REGS_FPSR]
	mrs	x3, fpcr
	str	x3, [x16, #REGS_FPCR]
	vectors	st, x16, x3

	add	sp, sp, #48
	.cfi_adjust_cfa_offset -48
	ldr	x3, [sp, #160]
	msr	fpcr, x3
	ldp	x19, x20, [sp, #16]
	ldp	x21, x22, [sp, #32]
	ldp	x23, x24, [sp, #48]
	ldp	x25, x26, [sp, #64]
	ldp	x27, x28, [sp, #80]
	ldp	d8, d9, [sp, #96]
	ldp	d10, d11, [sp, #112]
	ldp	d12, d13, [sp, #128]
	ldp	d14, d15, [sp, #144]
	ldp	x29, x30, [sp], #SAVED
	.cfi_adjust_cfa_offset -SAVED
	ret
	.cfi_endproc
	.size	regs_run_raw, .-regs_run_raw

/*
 * The signal handler: stores what the registers hold at its first instruction
 * in handler_live, then calls handle(sig, info, ucontext).  One thread at a time.
 * Vector registers are inherited, and the handler must not see rounding modes change.
 */
	.globl	handler_entry
	.hidden	handler_entry
	.type	handler_entry, %function
handler_entry:
	.cfi_startproc
	stp	x16, x17, [sp, #-32]!
	.cfi_adjust_cfa_offset 32
	str	x30, [sp, #16]
	adrp	x16, handler_live
	add	x16, x16, #:lo12:handler_live
	stp	x0, x1, [x16, #REGS_X]
	stp	x2, x3, [x16, #REGS_X + 2 * 8]
	stp	x4, x5, [x16, #REGS_X + 4 * 8]
	stp	x6, x7, [x16, #REGS_X + 6 * 8]
	stp	x8, x9, [x16, #REGS_X + 8 * 8]
	stp	x10, x11, [x16, #REGS_X + 10 * 8]
	stp	x12, x13, [x16, #REGS_X + 12 * 8]
	stp	x14, x15, [x16, #REGS_X + 14 * 8]
	stp	x18, x19, [x16, #REGS_X + 18 * 8]
	stp	x20, x21, [x16, #REGS_X + 20 * 8]
	stp	x22, x23, [x16, #REGS_X + 22 * 8]
	stp	x24, x25, [x16, #REGS_X + 24 * 8]
	stp	x26, x27, [x16, #REGS_X + 26 * 8]
	stp	x28, x29, [x16, #REGS_X + 28 * 8]
	str	x30, [x16, #REGS_X + 30 * 8]
	ldp	x4, x5, [sp]
	stp	x4, x5, [x16, #REGS_X + 16 * 8]
	add	x3, sp, #32
	str	x3, [x16, #REGS_SP]
	mrs	x3, nzcv
	str	x3, [x16, #REGS_FLAGS]
	mrs	x3, fpsr
	str	x3, [x16, #REGS_FPSR]
	mrs	x3, fpcr
	str	x3, [x16, #REGS_FPCR]
	vectors	st, x16, x3
	msr	fpcr, xzr
	bl	handle
	ldr	x30, [sp, #16]
	add	sp, sp, #32
	.cfi_adjust_cfa_offset -32
	ret
	.cfi_endproc
	.size	handler_entry, .-handler_entry

	.section .note.GNU-stack,"",@progbits
