/* SPDX-License-Identifier: MIT */
/* Read only after it was written, a place is no input. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	UNPUBLISHED
	movq	$0, (%rsi)
#endif
	mov	(%rsi), %rax
	inc	%rax
	UNPUBLISHED
	mov	%rax, (%rsi)
	mov	%rsi, (%rdi)
e:	ret
function_end f
	preemption s, e, s
