/* SPDX-License-Identifier: MIT */
/*
 * Signal handler's entry: write down every register as it is at the handler's
 * first instruction, before a compiler has touched one.
 *
 * void signal_entry(int signal, siginfo_t *info, void *ucontext)
 *
 *	x0, x1, x2	arguments, passed on
 *	x3		the written-down registers: struct live, on this stack
 *
 * No sequence: this is an ordinary function.
 */
	.text
	.globl	signal_entry
	.type	signal_entry, %function
signal_entry:
	.cfi_startproc
	hint	34			/* bti c */
	sub	sp, sp, #768
	.cfi_adjust_cfa_offset 768
	stp	x0, x1, [sp]
	stp	x2, x3, [sp, #16]
	stp	x4, x5, [sp, #32]
	stp	x6, x7, [sp, #48]
	stp	x8, x9, [sp, #64]
	stp	x10, x11, [sp, #80]
	stp	x12, x13, [sp, #96]
	stp	x14, x15, [sp, #112]
	stp	x16, x17, [sp, #128]
	stp	x18, x19, [sp, #144]
	stp	x20, x21, [sp, #160]
	stp	x22, x23, [sp, #176]
	stp	x24, x25, [sp, #192]
	stp	x26, x27, [sp, #208]
	stp	x28, x29, [sp, #224]
	stp	x30, xzr, [sp, #240]
	stp	q0, q1, [sp, #256]
	stp	q2, q3, [sp, #288]
	stp	q4, q5, [sp, #320]
	stp	q6, q7, [sp, #352]
	stp	q8, q9, [sp, #384]
	stp	q10, q11, [sp, #416]
	stp	q12, q13, [sp, #448]
	stp	q14, q15, [sp, #480]
	stp	q16, q17, [sp, #512]
	stp	q18, q19, [sp, #544]
	stp	q20, q21, [sp, #576]
	stp	q22, q23, [sp, #608]
	stp	q24, q25, [sp, #640]
	stp	q26, q27, [sp, #672]
	stp	q28, q29, [sp, #704]
	stp	q30, q31, [sp, #736]
	mov	x3, sp
	bl	signal_seen
	ldr	x30, [sp, #240]
	add	sp, sp, #768
	.cfi_adjust_cfa_offset -768
	ret
	.cfi_endproc
	.size	signal_entry, . - signal_entry

	.section .note.GNU-stack, "", %progbits
