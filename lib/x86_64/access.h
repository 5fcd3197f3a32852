/* SPDX-License-Identifier: MIT */
/*
 * What the files of assembler that access memory have in common.
 *
 * Each function begins by asking whether this object's sequences are registered; if not
 * it goes on in C, with its arguments as they are.  That is one compare with memory and
 * one branch, fused.
 */
#ifndef ACCESS_ASM_H
#define ACCESS_ASM_H

#if __has_include(<asm/errno.h>)
#include <asm/errno.h>
#else
#define EFAULT 14	/* musl has it in C only */
#endif
#include <estp/asm.h>

#ifdef __CET__
#include <cet.h>
#else
#define _CET_ENDBR
#endif

	.hidden	estp_object_error_

/* A function of the library's, in a section of its own, for --gc-sections. */
.macro function name:req
	.section .text.\name,"ax",@progbits
	.balign	32
	.globl	\name
	.type	\name, @function
\name:
	.cfi_startproc
	_CET_ENDBR
.endm

.macro end_function name:req
	.cfi_endproc
	.size	\name, . - \name
.endm

.macro unless_registered slow:req
	cmpl	$0, estp_object_error_(%rip)
	jne	\slow
.endm

/* The record of a FAULT sequence: it goes out of the link with the code it is about. */
.macro on_fault start:req, end:req, response:req
	.pushsection estp_entries,"ao",@progbits,\start
	.balign	4
	.long	\start - ., \end - \start, \response - .
	.short	0
	.byte	ESTP_ASM_FAULT, ESTP_MEMORY
	.long	0
	.short	0, 0
	.popsection
.endm

#endif
