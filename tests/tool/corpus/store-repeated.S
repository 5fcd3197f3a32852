/* SPDX-License-Identifier: MIT */
/* A repeated store is not made at once; the loop that it is was meant. */
#include "corpus.h"

function f
s:	mov	(%rdx), %eax
	WAIVE(ESTP_RULE_LOOP)
	WAIVE(ESTP_RULE_INPUT)
#ifdef GOOD
	UNPUBLISHED
	rep stosb
	mov	%rax, (%rsi)
#else
	mov	%rsi, %r8
	rep stosb
#endif
e:	ret
function_end f
	preemption s, e, s
