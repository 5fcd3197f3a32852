/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Called by ftrace at the very start of a kernel function.
 *
 *   ESTP_ENTRY    a function of up to two arguments: do our part first, then return into it
 *                 as if nothing had been.  Both may sleep.  Where @quick says no, and only
 *                 then, that is all.
 *   ESTP_DIVERT   of up to four: if ours says so, run another one in its place, with its
 *                 arguments, which returns to its caller.  The answer is no for nearly
 *                 everyone, and found without saving a register.
 *
 *	x30	where that function goes on
 *	x9	where it will return to
 *	x0 ..	its arguments
 */
#include <linux/linkage.h>
#include <asm/asm-offsets.h>
#include <asm/assembler.h>

/* Back into the function, whose own record of its caller x30 has to be. */
.macro ESTP_GO_ON
	mov	x10, x30
	mov	x30, x9
	ret	x10
.endm

.macro ESTP_ENTRY name:req, function:req, quick:vararg
SYM_CODE_START(\name)
	bti	c
.ifnb \quick
	\quick
	ESTP_GO_ON
.endif
.L\name\()_ask:
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

.macro ESTP_DIVERT name:req, function:req, instead:req, quick:vararg
SYM_CODE_START(\name)
	bti	c
	\quick
	ESTP_GO_ON
.L\name\()_ask:
	stp	x29, x9, [sp, #-64]!
	mov	x29, sp
	stp	x29, x30, [sp, #-16]!
	mov	x29, sp
	stp	x0, x1, [sp, #32]
	stp	x2, x3, [sp, #48]
	bl	\function
	mov	w11, w0
	ldp	x0, x1, [sp, #32]
	ldp	x2, x3, [sp, #48]
	ldr	x30, [sp, #8]
	ldp	x29, x9, [sp, #16]
	add	sp, sp, #80
	/* Of a bool only eight bits count. */
	tst	w11, #0xff
	b.ne	.L\name\()_divert
	ESTP_GO_ON
.L\name\()_divert:
	/* As if its caller had called the other one. */
	mov	x30, x9
	b	\instead
SYM_CODE_END(\name)
.endm

/* Is current attached?  hooks.c tells where its list is. */
.macro ESTP_ATTACHED yes:req
	mrs	x10, sp_el0
	movz	x11, #:abs_g0:estp_task_notifiers
	ldr	x10, [x10, x11]
	cbnz	x10, \yes
.endm

/* A system call's third argument, an advice, is one of ours: MADV_ESTP_REGISTER and three more. */
.macro ESTP_ADVICE yes:req
	ldr	w10, [x0, #S_X2]
	mov	w11, #0x4553
	sub	w10, w10, w11
	cmp	w10, #3
	b.ls	\yes
.endm

/*
 * A pc of the kernel, in x10, that lies where pages are.  lo before len: the hull widens
 * beside us.  No lock, no memory but the module's own, so from any context.
 */
.macro ESTP_IN_HULL yes:req
	adr_l	x11, estp_kernel_hull
	ldar	x12, [x11]
	ldr	x11, [x11, #8]
	sub	x10, x10, x12
	cmp	x10, x11
	b.lo	\yes
.endm

.macro ESTP_REGS_IN_HULL regs:req, yes:req
	ldr	x10, [\regs, #S_PC]
	ESTP_IN_HULL \yes
.endm

.macro ESTP_PC_IN_HULL pc:req, yes:req
	mov	x10, \pc
	ESTP_IN_HULL \yes
.endm

	.text
	ESTP_ENTRY name=estp_arch_fork_mm_entry, function=estp_fork_mm
	ESTP_ENTRY name=estp_arch_fork_thread_entry, function=estp_fork_thread
	ESTP_ENTRY estp_arch_signal_frame_entry, estp_signal_frame, \
		ESTP_ATTACHED .Lestp_arch_signal_frame_entry_ask
	ESTP_DIVERT estp_arch_madvise_entry, estp_is_our_madvise, estp_madvise, \
		ESTP_ADVICE .Lestp_arch_madvise_entry_ask
	ESTP_DIVERT estp_arch_force_sig_entry, estp_fault_diverts, estp_nothing_sent, \
		ESTP_ATTACHED .Lestp_arch_force_sig_entry_ask
	ESTP_DIVERT estp_arch_unhandled_entry, estp_fault_will_divert, estp_nothing_sent, \
		ESTP_ATTACHED .Lestp_arch_unhandled_entry_ask
	ESTP_DIVERT estp_arch_fixup_entry, estp_kernel_fixup, estp_kernel_fixed, \
		ESTP_REGS_IN_HULL x0, .Lestp_arch_fixup_entry_ask
	ESTP_DIVERT estp_arch_search_entry, estp_kernel_search, estp_kernel_an_entry, \
		ESTP_PC_IN_HULL x0, .Lestp_arch_search_entry_ask
	ESTP_DIVERT estp_arch_abort_entry, estp_kernel_abort, estp_nothing_sent, \
		ESTP_REGS_IN_HULL x2, .Lestp_arch_abort_entry_ask
