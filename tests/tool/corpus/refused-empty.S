/* SPDX-License-Identifier: MIT */
/* A span has at least one byte (TAB-4). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
e:	ret
function_end f
	preemption s, GOOD_BAD(e, s), s
