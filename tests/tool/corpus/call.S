/* SPDX-License-Identifier: MIT */
/* What is called is not in the span. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
#ifndef GOOD
	call	g
#endif
	mov	%rax, (%rdi)
e:	ret
function_end f
function g
	ret
function_end g
	preemption s, e, s
