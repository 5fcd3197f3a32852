/* SPDX-License-Identifier: MIT */
/* A jump from outside into the middle. */
#include "corpus.h"

function f
s:	mov	(%rdi), %eax
1:	mov	(%rsi), %rdx
	mov	%rdx, (%rsi,%rax)
e:	ret
function_end f
	.skip	200, 0x90
function g
	mov	$8, %eax
	jmp	GOOD_BAD(s, 1b)
function_end g
	preemption s, e, s
