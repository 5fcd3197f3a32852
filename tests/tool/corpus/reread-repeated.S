/* SPDX-License-Identifier: MIT */
/* A repeated store may store nothing: rcx may be 0. */
#include "corpus.h"

function f
s:	mov	%rsi, %rdi
	mov	%rdx, %rcx
	WAIVE(ESTP_RULE_LOOP)
	UNPUBLISHED
#ifdef GOOD
	movq	$0, (%rdi)
#else
	rep stosq
#endif
	mov	(%rsi), %r9
	mov	%r9, (%r8)
e:	ret
function_end f
	preemption s, e, s
