/* SPDX-License-Identifier: MIT */
/*
 * Sequences of 2 to 200 instructions on an ESTP page, called: the texts of length.c.
 *
 *	in:      rdi the counter, CPU 0's; rdx where the CPU's number is, from the thread pointer
 *	scratch: rax, rcx, r8
 *
 * The commit is the last store of each, the only one.
 */
#include <estp/page.h>

.macro grow length:req
	.balign	64, 0xcc
	estp_function page_grow_\length
	estp_label grow_\length\()_start
	movslq	%fs:(%rdx), %rax
	.if	\length == 2
	estp_commit grow_\length\()_commit
	addq	$1, (%rdi,%rax,8)
	.else
	shl	$20, %rax
	.if	\length == 3
	estp_commit grow_\length\()_commit
	addq	$1, (%rdi,%rax)
	.else
	mov	(%rdi,%rax), %rcx
	.rept	\length - 5
	lea	1(%rcx), %r8
	.endr
	inc	%rcx
	estp_commit grow_\length\()_commit
	mov	%rcx, (%rdi,%rax)
	.endif
	.endif
	estp_label grow_\length\()_end
	ret
	estp_function_end page_grow_\length
.endm

.macro describe length:req
	estp_preemption start=grow_\length\()_start, end=grow_\length\()_end, response=grow_\length\()_start
.endm

estp_page length_page
	.irp	length, 2, 3, 6, 10, 20, 50, 100, 200
	describe \length
	.endr
	.irp	length, 2, 3, 6, 10, 20, 50, 100, 200
	grow	\length
	.endr
estp_page_end length_page
