/* SPDX-License-Identifier: MIT */
/*
 * The whole register file in, the whole register file out.
 *
 *   regs_run_raw(in, out, entry)      on the stack while the sequence runs:
 *     save callee-saved, flags          rsp+16  entry
 *     load all of *in                   rsp+8   unused
 *     jump to entry                     rsp     out
 *        ...
 *     jump to regs_exit
 *   regs_exit:
 *     store everything to *out
 *     back to C's state, return
 *
 * The code at entry keeps rsp, or at least leaves with it: it is how regs_exit
 * finds out.  It must not touch the stack above rsp.
 */
#include "arch.h"

	.text

/* void regs_run_raw(struct regs *in, struct regs *out, const void *entry) */
	.globl	regs_run_raw
	.hidden	regs_run_raw
	.type	regs_run_raw, @function
regs_run_raw:
	.cfi_startproc
	push	%rbp
	.cfi_adjust_cfa_offset 8
	push	%rbx
	.cfi_adjust_cfa_offset 8
	push	%r12
	.cfi_adjust_cfa_offset 8
	push	%r13
	.cfi_adjust_cfa_offset 8
	push	%r14
	.cfi_adjust_cfa_offset 8
	push	%r15
	.cfi_adjust_cfa_offset 8
	pushfq
	.cfi_adjust_cfa_offset 8
	push	%rdx
	.cfi_adjust_cfa_offset 8
	push	$0
	.cfi_adjust_cfa_offset 8
	push	%rsi
	.cfi_adjust_cfa_offset 8
	mov	%rsp, REGS_GPR+4*8(%rdi)

	mov	regs_xmask(%rip), %eax
	mov	regs_xmask+4(%rip), %edx
	xrstor64 REGS_X(%rdi)

	push	REGS_FLAGS(%rdi)
	.cfi_adjust_cfa_offset 8
	popfq
	.cfi_adjust_cfa_offset -8
	/* Only moves from here on: the flags are loaded. */
	mov	REGS_GPR+0*8(%rdi), %rax
	mov	REGS_GPR+1*8(%rdi), %rcx
	mov	REGS_GPR+2*8(%rdi), %rdx
	mov	REGS_GPR+3*8(%rdi), %rbx
	mov	REGS_GPR+5*8(%rdi), %rbp
	mov	REGS_GPR+6*8(%rdi), %rsi
	mov	REGS_GPR+8*8(%rdi), %r8
	mov	REGS_GPR+9*8(%rdi), %r9
	mov	REGS_GPR+10*8(%rdi), %r10
	mov	REGS_GPR+11*8(%rdi), %r11
	mov	REGS_GPR+12*8(%rdi), %r12
	mov	REGS_GPR+13*8(%rdi), %r13
	mov	REGS_GPR+14*8(%rdi), %r14
	mov	REGS_GPR+15*8(%rdi), %r15
	mov	REGS_GPR+7*8(%rdi), %rdi
	jmp	*16(%rsp)

	.globl	regs_exit
	.hidden	regs_exit
regs_exit:
	mov	%rax, -8(%rsp)		/* the red zone outlives signals */
	mov	(%rsp), %rax
	mov	%rcx, REGS_GPR+1*8(%rax)
	mov	-8(%rsp), %rcx
	mov	%rcx, REGS_GPR+0*8(%rax)
	mov	%rdx, REGS_GPR+2*8(%rax)
	mov	%rbx, REGS_GPR+3*8(%rax)
	mov	%rsp, REGS_GPR+4*8(%rax)
	mov	%rbp, REGS_GPR+5*8(%rax)
	mov	%rsi, REGS_GPR+6*8(%rax)
	mov	%rdi, REGS_GPR+7*8(%rax)
	mov	%r8, REGS_GPR+8*8(%rax)
	mov	%r9, REGS_GPR+9*8(%rax)
	mov	%r10, REGS_GPR+10*8(%rax)
	mov	%r11, REGS_GPR+11*8(%rax)
	mov	%r12, REGS_GPR+12*8(%rax)
	mov	%r13, REGS_GPR+13*8(%rax)
	mov	%r14, REGS_GPR+14*8(%rax)
	mov	%r15, REGS_GPR+15*8(%rax)
	pushfq
	.cfi_adjust_cfa_offset 8
	pop	REGS_FLAGS(%rax)
	.cfi_adjust_cfa_offset -8
	cld
	mov	%rax, %rdi
	mov	regs_xmask(%rip), %eax
	mov	regs_xmask+4(%rip), %edx
	xsave64	REGS_X(%rdi)
	xrstor64 regs_x_init(%rip)

	add	$24, %rsp
	.cfi_adjust_cfa_offset -24
	popfq
	.cfi_adjust_cfa_offset -8
	pop	%r15
	.cfi_adjust_cfa_offset -8
	pop	%r14
	.cfi_adjust_cfa_offset -8
	pop	%r13
	.cfi_adjust_cfa_offset -8
	pop	%r12
	.cfi_adjust_cfa_offset -8
	pop	%rbx
	.cfi_adjust_cfa_offset -8
	pop	%rbp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	regs_run_raw, .-regs_run_raw

/*
 * The signal handler: stores what the registers hold at its first instruction
 * in handler_live, then calls handle(sig, info, ucontext).  One thread at a time.
 */
	.globl	handler_entry
	.hidden	handler_entry
	.type	handler_entry, @function
handler_entry:
	.cfi_startproc
	mov	%rax, handler_live+REGS_GPR+0*8(%rip)
	mov	%rcx, handler_live+REGS_GPR+1*8(%rip)
	mov	%rdx, handler_live+REGS_GPR+2*8(%rip)
	mov	%rbx, handler_live+REGS_GPR+3*8(%rip)
	mov	%rsp, handler_live+REGS_GPR+4*8(%rip)
	mov	%rbp, handler_live+REGS_GPR+5*8(%rip)
	mov	%rsi, handler_live+REGS_GPR+6*8(%rip)
	mov	%rdi, handler_live+REGS_GPR+7*8(%rip)
	mov	%r8, handler_live+REGS_GPR+8*8(%rip)
	mov	%r9, handler_live+REGS_GPR+9*8(%rip)
	mov	%r10, handler_live+REGS_GPR+10*8(%rip)
	mov	%r11, handler_live+REGS_GPR+11*8(%rip)
	mov	%r12, handler_live+REGS_GPR+12*8(%rip)
	mov	%r13, handler_live+REGS_GPR+13*8(%rip)
	mov	%r14, handler_live+REGS_GPR+14*8(%rip)
	mov	%r15, handler_live+REGS_GPR+15*8(%rip)
	pushfq
	.cfi_adjust_cfa_offset 8
	pop	handler_live+REGS_FLAGS(%rip)
	.cfi_adjust_cfa_offset -8
	mov	%rdx, %r8
	mov	regs_xmask(%rip), %eax
	mov	regs_xmask+4(%rip), %edx
	xsave64	handler_live+REGS_X(%rip)
	mov	%r8, %rdx
	sub	$8, %rsp
	.cfi_adjust_cfa_offset 8
	call	handle
	add	$8, %rsp
	.cfi_adjust_cfa_offset -8
	ret
	.cfi_endproc
	.size	handler_entry, .-handler_entry

	.section .note.GNU-stack,"",@progbits
