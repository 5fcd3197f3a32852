/* SPDX-License-Identifier: MIT */
/* A PREEMPTION inside an INTERRUPT span, whose response lies outside (MASK-5). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rcx
a:	mov	(%rsi), %rax
	imul	%rcx, %rax
	mov	%rax, 8(%rsi)
b:	xor	%ecx, %ecx
e:	ret
r:	xor	%eax, %eax
	ret
r_end:
out:	ret
function_end f
	interrupt s, e, r, r_end, ESTP_RCX|ESTP_RAX|ESTP_RSI|ESTP_RDI
	preemption a, b, GOOD_BAD(a, out)
