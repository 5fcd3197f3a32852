/* SPDX-License-Identifier: MIT */
/* By 0 a shift leaves the flags as they were: they may be the start's. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rcx
	mov	%rcx, %rax
	shl	GOOD_BAD($1, %cl), %rax
	jc	1f
	mov	%rax, (%rdi)
1:
e:	ret
function_end f
	preemption s, e, s
