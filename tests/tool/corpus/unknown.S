/* SPDX-License-Identifier: MIT */
/* Bytes that are no instruction. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
#ifdef GOOD
	nop
#else
	.byte	0x06
#endif
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, e, s
