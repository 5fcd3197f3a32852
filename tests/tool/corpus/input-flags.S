/* SPDX-License-Identifier: MIT */
/* The carry flag is an input. */
#include "corpus.h"

function f
	add	%rdx, %rdx
s:	mov	(%rdi), %rax
#ifdef GOOD
	lea	(%rax,%rsi), %rax
#else
	adc	%rsi, %rax
	add	%rsi, %rax
#endif
	mov	%rax, (%rdi)
e:	ret
function_end f
	preemption s, e, s
