/* SPDX-License-Identifier: MIT */
/* The same, between a page and a table: what the kernel does not judge (OBL-18). */
#include "corpus.h"

	.section estp_text, "ax", @progbits
	.balign	4096
page:	.quad	0x4553545001000001
	.quad	(1 << 61) + ((s - page) << 32) + ((e - page) << 16) + (r - page)
function f
s:	mov	(%rdi), %rcx
a:	mov	(%rsi), %rax
	imul	%rcx, %rax
	mov	%rax, 8(%rsi)
b:	xor	%ecx, %ecx
e:	ret
out:	ret
function_end f
	.quad	ESTP_RAX + ESTP_RCX + ESTP_RSI + ESTP_RDI + ((r_end - r) << 32)
r:	xor	%eax, %eax
	ret
r_end:
	.org	page + 4096, 0xcc
	preemption a, b, GOOD_BAD(a, out)
