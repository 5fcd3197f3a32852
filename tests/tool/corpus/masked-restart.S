/* SPDX-License-Identifier: MIT */
/* The start reads it, where the response leads. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	add	%rsi, %rax
	mov	%rax, (%rdi)
e:	ret
r:	jmp	s
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RAX|GOOD_BAD(0, ESTP_RSI)
