/* SPDX-License-Identifier: MIT */
/* Vector stores are stores. */
#include "corpus.h"

function f
s:	movdqu	(%rdi), %xmm0
	mov	16(%rdi), %rax
#ifdef GOOD
	UNPUBLISHED
#endif
	movups	%xmm0, (%rsi)
	mov	%rax, 16(%rsi)
e:	ret
function_end f
	preemption s, e, s
