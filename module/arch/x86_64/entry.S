/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Called by ftrace at the very start of a kernel function, in place of its nop: what is on
 * the stack are the address in that function to go on at, and its caller's.
 *
 *   ESTP_ENTRY    a function of two arguments: do our part first, then return into it as
 *                 if nothing had been.  Both may sleep.
 *   ESTP_DIVERT   of up to four: if ours says so, it is not run at all, and its caller gets
 *                 0; or another one is run in its place, with its arguments.  The answer is no
 *                 for nearly everyone, and found without saving a register.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm-offsets.h>
#include <asm/nospec-branch.h>
#include <asm/frame.h>
#include <asm/percpu.h>
#include <asm/ptrace.h>
#include <asm/unwind_hints.h>

/* Before 6.2 call depths were not counted. */
#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT
#endif

.macro ESTP_ENTRY name:req, function:req
SYM_FUNC_START(\name)
	pushq	%rbp
	movq	%rsp, %rbp
	CALL_DEPTH_ACCOUNT
	pushq	%rdi
	pushq	%rsi
	call	\function
	popq	%rsi
	popq	%rdi
	leave
	RET
SYM_FUNC_END(\name)
.endm

/* rax is nobody's at a function's start. */
.macro ESTP_DIVERT name:req, nr:req, function:req, instead:req, quick:vararg
SYM_FUNC_START(\name)
	\quick
	RET
.L\name\()_ask:
	pushq	%rbp
	movq	%rsp, %rbp
	CALL_DEPTH_ACCOUNT
	pushq	%rdi
	pushq	%rsi
.if \nr > 2
	pushq	%rdx
.endif
.if \nr > 3
	pushq	%rcx
.endif
	call	\function
	testb	%al, %al
.ifc \instead, 0
	jnz	.L\name\()_divert
.endif
.if \nr > 3
	popq	%rcx
.endif
.if \nr > 2
	popq	%rdx
.endif
	popq	%rsi
	popq	%rdi
	leave
.ifnc \instead, 0
	jnz	.L\name\()_divert
.endif
	RET
.L\name\()_divert:
.ifc \instead, 0
	leave
.endif
	/* Not into the function any more, whose return address this is. */
	addq	$8, %rsp
	UNWIND_HINT_FUNC
.ifc \instead, 0
	xorl	%eax, %eax
	RET
.else
	jmp	\instead
.endif
SYM_FUNC_END(\name)
.endm

/* Is current attached?  One access, so it does not matter if it is preempted around it. */
.macro ESTP_ATTACHED yes:req
	cmpq	$0, PER_CPU_VAR(estp_running)
	jne	\yes
.endm

/*
 * A system call's third argument, an advice, is one of ours: MADV_ESTP_REGISTER and three more.
 * Not in rax: where an error is injected into the call (bpf_override_return), that has it already.
 */
.macro ESTP_ADVICE yes:req
	movl	RDX(%rdi), %ecx
	subl	$0x4553, %ecx
	cmpl	$3, %ecx
	jbe	\yes
.endm

/*
 * A pc of the kernel that lies where pages are.  In this order: the hull widens beside us.
 * No lock, no memory but the module's own, so from any context.
 */
.macro ESTP_IN_HULL pc:req, yes:req
	movq	\pc, %rax
	subq	estp_kernel_hull(%rip), %rax
	cmpq	estp_kernel_hull+8(%rip), %rax
	jb	\yes
.endm

	.text
	ESTP_ENTRY name=estp_arch_fork_mm_entry, function=estp_fork_mm
	ESTP_ENTRY name=estp_arch_fork_thread_entry, function=estp_fork_thread
	ESTP_DIVERT estp_arch_madvise_entry, 1, estp_is_our_madvise, estp_madvise, \
		ESTP_ADVICE .Lestp_arch_madvise_entry_ask
	ESTP_DIVERT estp_arch_force_sig_entry, 3, estp_fault_diverts, 0, \
		ESTP_ATTACHED .Lestp_arch_force_sig_entry_ask
	ESTP_DIVERT estp_arch_unhandled_entry, 2, estp_fault_will_divert, 0, \
		ESTP_ATTACHED .Lestp_arch_unhandled_entry_ask
	ESTP_DIVERT estp_arch_fixup_entry, 4, estp_kernel_fixup, estp_kernel_fixed, \
		ESTP_IN_HULL RIP(%rdi), .Lestp_arch_fixup_entry_ask
	ESTP_DIVERT estp_arch_search_entry, 1, estp_kernel_search, estp_kernel_an_entry, \
		ESTP_IN_HULL %rdi, .Lestp_arch_search_entry_ask
