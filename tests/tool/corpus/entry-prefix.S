/* SPDX-License-Identifier: MIT */
/* A jump may have prefixes: a hint, BND, or one that has it lead elsewhere on some processors. */
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
	.byte	0x3e
	jne	GOOD_BAD(s, 1b)
	bnd jmp	GOOD_BAD(s, 1b)
	.byte	0x66, 0xe9
	.long	GOOD_BAD(s, 1b) - . - 4
function_end g
	preemption s, e, s
