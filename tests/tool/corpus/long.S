/* SPDX-License-Identifier: MIT */
/* Very many instructions. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	.rept	GOOD_BAD(100, 1000)
	inc	%rax
	.endr
	mov	%rax, (%rdi)
e:	ret
function_end f
	preemption s, e, s
