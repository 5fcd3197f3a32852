/* SPDX-License-Identifier: MIT */
/* An INTERRUPT that starts again needs its inputs, too. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	imul	%rsi, %rax
#ifdef GOOD
	lea	8(%rdi), %rdx
	mov	(%rdx), %rcx
#else
	add	$8, %rdi
	mov	(%rdi), %rcx
#endif
	add	%rcx, %rax
	xor	%ecx, %ecx
e:	ret
r:	jmp	s
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RAX|ESTP_RCX|GOOD_BAD(ESTP_RDX, 0)
