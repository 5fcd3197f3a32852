/* SPDX-License-Identifier: MIT */
/* The span starts inside an instruction: past its prefix it is another one. */
#include "corpus.h"

function f
s:	.byte	0x48
t:	mov	(%rdi), %eax
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption GOOD_BAD(s, t), e, GOOD_BAD(s, t)
