/* SPDX-License-Identifier: MIT */
/* The same place by another register. */
#include "corpus.h"

function f
s:	lea	16(%rsi), %rcx
	mov	16(%rsi), %rax
	inc	%rax
	UNPUBLISHED
	mov	%rax, GOOD_BAD(8(%rcx), (%rcx))
	mov	%rsi, (%rdi)
e:	ret
function_end f
	preemption s, e, s
