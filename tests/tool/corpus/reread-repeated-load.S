/* SPDX-License-Identifier: MIT */
/* A repeated load does, too; but what is stored first it finds each time. */
#include "corpus.h"

function f
s:	mov	%rbx, %rsi
	mov	%rdx, %rdi
	mov	$8, %ecx
#ifdef GOOD
	UNPUBLISHED
	movq	$0, 16(%rbx)
#endif
	WAIVE(ESTP_RULE_LOOP)
	UNPUBLISHED
	rep movsq
#ifndef GOOD
	UNPUBLISHED
	movq	$0, 16(%rbx)
#endif
	mov	%rdx, (%r8)
e:	ret
function_end f
	preemption s, e, s
