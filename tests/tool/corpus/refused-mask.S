/* SPDX-License-Identifier: MIT */
/* rsp cannot be cleared (MASK-1). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
r:	jmp	s
r_end:
function_end f
	interrupt s, e, r, r_end, GOOD_BAD(1, 0x11)
