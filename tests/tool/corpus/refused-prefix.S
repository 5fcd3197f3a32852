/* SPDX-License-Identifier: MIT */
/* The prefix word of an INTERRUPT response has a length (PAGE-8). */
#include "corpus.h"

	.section estp_text, "ax", @progbits
	.balign	4096
page:	.quad	0x4553545001000001
	.quad	(1 << 61) + ((s - page) << 32) + ((e - page) << 16) + (r - page)
function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
function_end f
	.quad	ESTP_RAX + (GOOD_BAD((r_end - r), 0) << 32)
function r
	jmp	s
r_end:
function_end r
	.org	page + 4096, 0xcc
