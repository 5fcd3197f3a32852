/* SPDX-License-Identifier: MIT */
/* It is the last instruction in the file's order, but not on its path. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	test	%rax, %rax
	jnz	2f
1:	nop
	jmp	e
2:	mov	%rsi, (%rdx)
#ifndef GOOD
	jmp	1b
#endif
e:	ret
function_end f
	preemption s, e, s
