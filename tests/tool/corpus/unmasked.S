/* SPDX-License-Identifier: MIT */
/* rsi holds a secret when the span begins; the response does not need it. */
#include "corpus.h"

function f
	mov	(%rsi), %rsi
s:	mov	$3, %eax
	imul	%rsi, %rax
	mov	%rax, (%rdi)
	xor	%esi, %esi
e:	ret
r:	lea	8(%rdi), %rax
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RAX|GOOD_BAD(ESTP_RSI, 0)
