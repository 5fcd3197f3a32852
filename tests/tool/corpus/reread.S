/* SPDX-License-Identifier: MIT */
/* Marked as unpublished, but a restart would read what the first run has left. */
#include "corpus.h"

function f
s:	mov	(%rsi), %rax
	inc	%rax
	UNPUBLISHED
	mov	%rax, GOOD_BAD(8(%rsi), (%rsi))
	mov	%rsi, (%rdi)
e:	ret
function_end f
	preemption s, e, s
