/* SPDX-License-Identifier: MIT */
/* A repeated store goes on from where it begins, nobody knows how far. */
#include "corpus.h"

function f
s:	mov	GOOD_BAD(-8, 8)(%rbx), %rax
	mov	%rbx, %rdi
	mov	$8, %ecx
	WAIVE(ESTP_RULE_LOOP)
	UNPUBLISHED
	rep stosq
	mov	%rbx, (%rdx)
e:	ret
function_end f
	preemption s, e, s
