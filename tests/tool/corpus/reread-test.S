/* SPDX-License-Identifier: MIT */
/* After TEST the accumulator is still where it was copied from. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rcx
	mov	%rdi, %rax
	test	$1, %eax
	UNPUBLISHED
	mov	%rcx, GOOD_BAD(8, 0)(%rax)
	mov	%rcx, (%rsi)
e:	ret
function_end f
	preemption s, e, s
