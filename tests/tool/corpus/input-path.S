/* SPDX-License-Identifier: MIT */
/* An input is overwritten on one of two paths. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	test	%rax, %rax
	jz	1f
	mov	%rax, GOOD_BAD(%rcx, %rsi)
1:	mov	%rax, %rdx
	add	%rsi, %rdx
	mov	%rdx, 8(%rdi)
e:	ret
function_end f
	preemption s, e, s
