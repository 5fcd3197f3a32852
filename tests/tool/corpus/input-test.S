/* SPDX-License-Identifier: MIT */
/* TEST writes no register, the accumulator by its own opcodes included. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rcx
	GOOD_BAD(test, and) $1, %al
	test	$1, %eax
	jz	e
	mov	%rcx, (%rsi)
e:	ret
function_end f
	preemption s, e, s
