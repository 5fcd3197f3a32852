/* SPDX-License-Identifier: MIT */
/* The response's code runs on past its length. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	imul	%rax, %rax
	mov	%rax, (%rsi)
e:	ret
r:	mov	$1, %edx
r_middle:
	jmp	s
r_end:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_middle), ESTP_RAX
