/* SPDX-License-Identifier: MIT */
/* The response lies in the same mapping as the span (TAB-10): in the code. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
e:	ret
r:	ud2
function_end f
	.section .data.rel.ro, "aw"
	.quad	f
elsewhere:
	.quad	0
	.text
	preemption s, e, GOOD_BAD(r, elsewhere)
