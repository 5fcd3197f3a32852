/* SPDX-License-Identifier: MIT */
/* A loop. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	xor	%ecx, %ecx
1:	inc	%ecx
	cmp	%rsi, %rcx
#ifndef GOOD
	jb	1b
#endif
	add	%rcx, %rax
	mov	%rax, (%rdi)
e:	ret
function_end f
	preemption s, e, s
