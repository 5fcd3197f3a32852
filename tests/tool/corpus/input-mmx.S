/* SPDX-License-Identifier: MIT */
/* An MMX register that is set to 0 leaves the others, which are inputs. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	xor	%eax, %eax
	add	(%rdx), %rax
	mov	%rax, (%rsi)
#else
	pxor	%mm0, %mm0
	paddd	(%rdx), %mm1
	movq	%mm1, (%rsi)
#endif
e:	ret
function_end f
	preemption s, e, s
