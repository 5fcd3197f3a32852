/* SPDX-License-Identifier: MIT */
/* The response gives up, after a store that others can see. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
#ifdef GOOD
	UNPUBLISHED
#endif
	mov	%rax, (%rsi)
	mov	%rsi, (%rdi)
e:	ret
r:	mov	$1, %eax
	ret
function_end f
	preemption s, e, r
