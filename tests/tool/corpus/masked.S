/* SPDX-License-Identifier: MIT */
/* The response reads a register that was cleared before it. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rcx
	imul	%rcx, %rcx
	mov	%rcx, (%rdi)
e:	ret
r:
#ifdef GOOD
	lea	1(%rdi), %rax
#else
	lea	(%rdi,%rcx), %rax
#endif
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RCX
