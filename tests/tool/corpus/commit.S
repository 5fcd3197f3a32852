/* SPDX-License-Identifier: MIT */
/* The commit is the last instruction. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	lea	1(%rax), %rcx
	COMMIT
	mov	%rcx, (%rdi)
#ifndef GOOD
	mov	%rcx, %rax
#endif
e:	ret
function_end f
	preemption s, e, s
