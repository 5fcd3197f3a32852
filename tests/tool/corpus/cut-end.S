/* SPDX-License-Identifier: MIT */
/* The span ends inside an instruction. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, GOOD_BAD(e, e-1), s
