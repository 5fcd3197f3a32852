/* SPDX-License-Identifier: MIT */
/* Stores that no operand tells of: where XSTORE does is in rdi. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rcx
	GOOD_BAD(nop, xstore)
	mov	%rcx, (%rsi)
e:	ret
function_end f
	preemption s, e, s
