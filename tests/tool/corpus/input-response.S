/* SPDX-License-Identifier: MIT */
/* The response jumps to the start; the good one brings the input back first. */
#include "corpus.h"

function f
	mov	%rsi, %r8
s:	mov	(%rdi), %rax
	add	%rax, %rsi
	mov	%rsi, (%rdi)
e:	ret
r:
#ifdef GOOD
	mov	%r8, %rsi
#else
	mov	%r8, %rax
#endif
	jmp	s
function_end f
	preemption s, e, r
