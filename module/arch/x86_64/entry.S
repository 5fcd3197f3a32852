/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Called by ftrace at the very start of a kernel function of two arguments: do our part
 * first, then return into that function as if nothing had been.  Both may sleep.
 */
#include <linux/linkage.h>
#include <linux/objtool.h>
#include <asm/asm-offsets.h>
#include <asm/nospec-branch.h>
#include <asm/frame.h>

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

	.text
	ESTP_ENTRY name=estp_arch_fork_mm_entry, function=estp_fork_mm
	ESTP_ENTRY name=estp_arch_fork_thread_entry, function=estp_fork_thread
