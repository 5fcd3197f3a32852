/* SPDX-License-Identifier: MIT */
/* Nor does a lock prefix help; as the commit it may stand. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rax
	lea	1(%rax), %rcx
	lock cmpxchg %rcx, (%rdi)
#ifndef GOOD
	nop
#endif
e:	ret
function_end f
	preemption s, e, s
