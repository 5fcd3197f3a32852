/* SPDX-License-Identifier: MIT */
/*
 * A gate: works with secrets in registers, and no signal handler gets to see them.
 *
 * uint64_t gate(const struct vault *vault, uint64_t rounds)
 *
 * start:
 *	rcx, rdx, r8, r9, r10, xmm0..15 = vault->secret[]
 *	for (sum = 0, n = rounds; n; n--)
 *		sum = mix(sum, rcx, rdx, r8, r9, r10, n)
 *	rcx, rdx, r8, r9, r10, r11, xmm0..15 = 0
 * end:
 *	return sum
 * response:					only after a signal
 *	goto start
 *
 *	rdi	vault				in, kept
 *	rsi	rounds				in, kept
 *	rax	sum				out, cleared by an INTERRUPT
 *	rcx, rdx, r8, r9, r10, xmm0..15		secrets, cleared by an INTERRUPT
 *	r11	n				scratch, cleared by an INTERRUPT
 *
 * The commit is the return of rax: nothing is written to memory. Leaving anywhere
 * before is harmless since rdi and rsi, all that start needs, are neither changed
 * nor cleared. The response is one jump, as in the safebox entry of the proposal:
 * for the handler, the signal came before the gate was entered.
 */
#include "page.h"

	estp_page gate_page, 1
	estp_descriptor gate_page, INTERRUPT, gate_start, gate_end, gate_response

	.globl	gate_start, gate_end, gate_response
	.hidden	gate_start, gate_end, gate_response
function gate
gate_start:
	WAIVE(DAWDLES)
	mov	(%rdi), %rcx
	mov	8(%rdi), %rdx
	mov	16(%rdi), %r8
	mov	24(%rdi), %r9
	mov	32(%rdi), %r10
	movdqu	64(%rdi), %xmm0
	movdqu	80(%rdi), %xmm1
	movdqu	96(%rdi), %xmm2
	movdqu	112(%rdi), %xmm3
	movdqu	128(%rdi), %xmm4
	movdqu	144(%rdi), %xmm5
	movdqu	160(%rdi), %xmm6
	movdqu	176(%rdi), %xmm7
	movdqu	192(%rdi), %xmm8
	movdqu	208(%rdi), %xmm9
	movdqu	224(%rdi), %xmm10
	movdqu	240(%rdi), %xmm11
	movdqu	256(%rdi), %xmm12
	movdqu	272(%rdi), %xmm13
	movdqu	288(%rdi), %xmm14
	movdqu	304(%rdi), %xmm15
	xor	%eax, %eax
	mov	%rsi, %r11
1:	add	%rcx, %rax
	rol	$7, %rax
	xor	%rdx, %rax
	add	%r8, %rax
	rol	$11, %rax
	xor	%r9, %rax
	add	%r10, %rax
	xor	%r11, %rax
	dec	%r11
	jnz	1b
	xor	%ecx, %ecx
	xor	%edx, %edx
	xor	%r8d, %r8d
	xor	%r9d, %r9d
	xor	%r10d, %r10d
	pxor	%xmm0, %xmm0
	pxor	%xmm1, %xmm1
	pxor	%xmm2, %xmm2
	pxor	%xmm3, %xmm3
	pxor	%xmm4, %xmm4
	pxor	%xmm5, %xmm5
	pxor	%xmm6, %xmm6
	pxor	%xmm7, %xmm7
	pxor	%xmm8, %xmm8
	pxor	%xmm9, %xmm9
	pxor	%xmm10, %xmm10
	pxor	%xmm11, %xmm11
	pxor	%xmm12, %xmm12
	pxor	%xmm13, %xmm13
	pxor	%xmm14, %xmm14
	pxor	%xmm15, %xmm15
gate_end:
	ret

	.set	gate_secrets, CLEAR_RCX | CLEAR_RDX | CLEAR_R(8) | CLEAR_R(9) | CLEAR_R(10) | CLEAR_FP
	.set	gate_clear, gate_secrets | CLEAR_RAX | CLEAR_R(11)
	.balign	8
	estp_prefix gate_clear, gate_response_end-gate_response
gate_response:
	jmp	gate_start
gate_response_end:
function_end gate

	estp_page_end gate_page

	.section .note.GNU-stack, "", @progbits
