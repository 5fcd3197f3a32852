/* SPDX-License-Identifier: MIT */
/* How much of the state XSAVE writes, and where, depends on the processor and on a mask. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rcx
	UNPUBLISHED
	GOOD_BAD(stmxcsr, xsave) (%rsi)
	mov	%rcx, (%rdi)
e:	ret
function_end f
	preemption s, e, s
