/* SPDX-License-Identifier: MIT */
/* What a response calls may leave alone what it is free to change: the input is handed on. */
#include "corpus.h"

	.hidden	grow
function grow
	ret
function_end grow

function f
s:
#ifdef GOOD
	mov	8(%rdi), %rax
#else
	add	$8, %rdi
	mov	(%rdi), %rax
#endif
	mov	%rax, (%rsi)
e:	ret
r:	call	grow
	jmp	s
function_end f
	preemption s, e, r
