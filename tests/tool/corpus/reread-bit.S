/* SPDX-License-Identifier: MIT */
/* A bit whose number is in a register may lie beyond what was written before. */
#include "corpus.h"

function f
s:	UNPUBLISHED
	movq	$0, (%rsi)
	btq	GOOD_BAD($3, %rax), (%rsi)
	mov	%rdx, (%rdi)
e:	ret
function_end f
	preemption s, e, s
