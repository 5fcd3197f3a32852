/* SPDX-License-Identifier: MIT */
/* A read-modify-write is done twice by a restart, to whatever memory it goes. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rax
	UNPUBLISHED
#ifdef GOOD
	movq	$1, (%rsi)
#else
	addq	$1, (%rsi)
#endif
	mov	%rax, (%rdi)
e:	ret
function_end f
	preemption s, e, s
