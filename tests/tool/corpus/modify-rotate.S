/* SPDX-License-Identifier: MIT */
/* Rotating memory is a read-modify-write; rotating a copy of it is none. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rax
	UNPUBLISHED
#ifdef GOOD
	mov	%rax, (%rsi)
	rol	$1, %rax
#else
	rolq	$1, (%rsi)
#endif
	mov	%rax, (%rdi)
e:	ret
function_end f
	preemption s, e, s
