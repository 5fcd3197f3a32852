/* SPDX-License-Identifier: MIT */
/* A jump to the middle of an instruction. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	test	%rax, %rax
	jz	GOOD_BAD(1f, 1f + 2)
1:	mov	$0x90909090, %ecx
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, e, s
