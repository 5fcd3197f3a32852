/* SPDX-License-Identifier: MIT */
/* A waiver of the one sequence is none of another over the same code. */
#include "corpus.h"

function f
s:	mov	(%rsi), %rcx
#ifndef GOOD
	WAIVE(ESTP_RULE_STORE)
#endif
	nop
inner:	mov	8(%rsi), %rax
#ifdef GOOD
	WAIVE(ESTP_RULE_STORE)
#endif
	mov	%rax, (%rdi)
	mov	%rcx, 8(%rdi)
e:	ret
function_end f
	preemption s, e, s
	preemption inner, e, inner
