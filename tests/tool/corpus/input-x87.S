/* SPDX-License-Identifier: MIT */
/* The x87 stack, its words with it, is an input of all that computes on it. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
#ifdef GOOD
	frstor	(%rsi)
#endif
	fadd	%st(1), %st
	fldcw	(%rdx)
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, e, s
