/* SPDX-License-Identifier: MIT */
/* Descriptors increase strictly (PAGE-4). */
#include "corpus.h"

	.section estp_text, "ax", @progbits
	.balign	4096
page:	.quad	0x4553545001000002
#ifdef GOOD
	.quad	((s - page) << 32) + ((e - page) << 16) + (s - page)
	.quad	((t - page) << 32) + ((u - page) << 16) + (t - page)
#else
	.quad	((t - page) << 32) + ((u - page) << 16) + (t - page)
	.quad	((s - page) << 32) + ((e - page) << 16) + (s - page)
#endif
function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
t:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
u:	ret
function_end f
	.org	page + 4096, 0xcc
