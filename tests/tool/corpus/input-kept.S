/* SPDX-License-Identifier: MIT */
/* A scalar instruction keeps the rest of its register; of 0, BSF keeps all of it. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rcx
#ifdef GOOD
	xor	%eax, %eax
	pxor	%xmm0, %xmm0
#endif
	bsf	%rcx, %rax
	cvtsi2sd %rax, %xmm0
	paddq	%xmm1, %xmm0
	movups	%xmm0, (%rdi)
e:	ret
function_end f
	preemption s, e, s
