/* SPDX-License-Identifier: MIT */
/* The response's length holds code that is none of it. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
r:	jmp	s
r_end:
	mov	$1, %eax
	ret
r_far:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_far), ESTP_RAX
