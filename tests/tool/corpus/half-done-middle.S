/* SPDX-License-Identifier: MIT */
/* The response goes on in the middle, with the CPU number of before. */
#include "corpus.h"

function f
s:	mov	(%rdi), %eax
1:	mov	(%rsi,%rax,8), %rdx
	inc	%rdx
	mov	%rdx, (%rsi,%rax,8)
e:	ret
function_end f
	preemption s, e, GOOD_BAD(s, 1b)
