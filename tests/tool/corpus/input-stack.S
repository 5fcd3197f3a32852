/* SPDX-License-Identifier: MIT */
/* The stack pointer is an input like any other. */
#include "corpus.h"

function f
#ifdef GOOD
	push	%rbx
s:	mov	(%rdi), %rbx
#else
s:	push	%rbx
	mov	(%rdi), %rbx
#endif
	inc	%rbx
	mov	%rbx, (%rdi)
e:	pop	%rbx
	ret
function_end f
	preemption s, e, s
