/* SPDX-License-Identifier: MIT */
/*
 * Signal handler's entry: write down every register as it is at the handler's
 * first instruction, before a compiler has touched one.
 *
 * void signal_entry(int signal, siginfo_t *info, void *ucontext)
 *
 *	rdi, rsi, rdx	arguments, passed on
 *	rcx		the written-down registers: struct live, on this stack
 *
 * No sequence: this is an ordinary function.
 */
	.text
	.globl	signal_entry
	.type	signal_entry, @function
signal_entry:
	.cfi_startproc
	sub	$392, %rsp
	.cfi_adjust_cfa_offset 392
	mov	%rax, (%rsp)
	mov	%rcx, 8(%rsp)
	mov	%rdx, 16(%rsp)
	mov	%rbx, 24(%rsp)
	mov	%rsp, 32(%rsp)
	mov	%rbp, 40(%rsp)
	mov	%rsi, 48(%rsp)
	mov	%rdi, 56(%rsp)
	mov	%r8, 64(%rsp)
	mov	%r9, 72(%rsp)
	mov	%r10, 80(%rsp)
	mov	%r11, 88(%rsp)
	mov	%r12, 96(%rsp)
	mov	%r13, 104(%rsp)
	mov	%r14, 112(%rsp)
	mov	%r15, 120(%rsp)
	movdqu	%xmm0, 128(%rsp)
	movdqu	%xmm1, 144(%rsp)
	movdqu	%xmm2, 160(%rsp)
	movdqu	%xmm3, 176(%rsp)
	movdqu	%xmm4, 192(%rsp)
	movdqu	%xmm5, 208(%rsp)
	movdqu	%xmm6, 224(%rsp)
	movdqu	%xmm7, 240(%rsp)
	movdqu	%xmm8, 256(%rsp)
	movdqu	%xmm9, 272(%rsp)
	movdqu	%xmm10, 288(%rsp)
	movdqu	%xmm11, 304(%rsp)
	movdqu	%xmm12, 320(%rsp)
	movdqu	%xmm13, 336(%rsp)
	movdqu	%xmm14, 352(%rsp)
	movdqu	%xmm15, 368(%rsp)
	mov	%rsp, %rcx
	call	signal_seen@PLT
	add	$392, %rsp
	.cfi_adjust_cfa_offset -392
	ret
	.cfi_endproc
	.size	signal_entry, . - signal_entry

	.section .note.GNU-stack, "", @progbits
