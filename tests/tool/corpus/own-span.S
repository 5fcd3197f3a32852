/* SPDX-License-Identifier: MIT */
/* The response to a FAULT lies in the span. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
r:	mov	(%rsi), %rcx
e:	ret
function_end f
	fault	s, GOOD_BAD(r, e), r
