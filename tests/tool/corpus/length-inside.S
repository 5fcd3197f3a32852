/* SPDX-License-Identifier: MIT */
/* The response's length ends inside an instruction. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
r:	jmp	s
r_end:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_end-1), ESTP_RAX
