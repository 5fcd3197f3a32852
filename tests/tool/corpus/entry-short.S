/* SPDX-License-Identifier: MIT */
/* By a short, conditional jump of the code beside it. */
#include "corpus.h"

function f
	xor	%eax, %eax
	test	%rdi, %rdi
	jz	GOOD_BAD(s, 1f)
s:	mov	(%rdi), %eax
1:	mov	(%rsi), %rdx
	mov	%rdx, (%rsi,%rax)
e:	ret
function_end f
	preemption s, e, s
