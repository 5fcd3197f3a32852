/* SPDX-License-Identifier: MIT */
/* An input is overwritten, and the response is the start. */
#include "corpus.h"

function f
s:	mov	(%rdi), %eax
#ifdef GOOD
	mov	%rax, %rcx
	shl	$6, %rcx
	mov	(%rsi,%rcx), %rdx
	inc	%rdx
	mov	%rdx, (%rsi,%rcx)
#else
	shl	$6, %rax
	add	%rax, %rsi
	mov	(%rsi), %rdx
	inc	%rdx
	mov	%rdx, (%rsi)
#endif
e:	ret
function_end f
	preemption s, e, s
