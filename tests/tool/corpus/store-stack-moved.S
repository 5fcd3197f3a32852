/* SPDX-License-Identifier: MIT */
/* Where the stack pointer comes from elsewhere, memory by it is nobody's own. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	push	%rdx
	lea	-64(%rsp), %rdi
#endif
	mov	%rdi, %rsp
	mov	%rax, (%rsp)
	sub	$8, %rsp
	push	%rcx
	mov	%rcx, 8(%rsi)
e:	ret
r:	mov	%rbp, %rsp
	jmp	s
function_end f
	preemption s, e, r
