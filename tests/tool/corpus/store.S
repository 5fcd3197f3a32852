/* SPDX-License-Identifier: MIT */
/* A store that others can see before the commit. */
#include "corpus.h"

function push
s:	mov	(%rdi), %rax
#ifdef GOOD
	UNPUBLISHED
#endif
	mov	%rax, (%rsi)
	COMMIT
	mov	%rsi, (%rdi)
e:	ret
function_end push
	preemption s, e, s
