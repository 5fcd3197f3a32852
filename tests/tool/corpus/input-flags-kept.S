/* SPDX-License-Identifier: MIT */
/* A comparison of vectors leaves no flags: those that are asked are the start's. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	test	%rdx, %rdx
#endif
	movaps	%xmm2, %xmm1
	cmpltps	%xmm0, %xmm1
	jc	1f
	test	%rax, %rax
	mov	%rax, (%rdi)
1:
e:	ret
function_end f
	preemption s, e, s
