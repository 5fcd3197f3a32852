/* SPDX-License-Identifier: MIT */
/* With an operand size prefix a jump has two displacement bytes on some processors, four on others. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	test	%rax, %rax
#ifndef GOOD
	.byte	0x66
#endif
	.byte	0x0f, 0x84
	.long	0
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, e, s
