/* SPDX-License-Identifier: MIT */
/* A part of an input is overwritten; and, in the good one, a part that is none. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	xor	%eax, %eax
#else
	movzbl	%cl, %eax
#endif
	movb	(%rdi), %cl
	add	%rcx, %rax
	mov	%rax, 8(%rdi)
e:	ret
function_end f
	preemption s, e, s
