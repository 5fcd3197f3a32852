/* SPDX-License-Identifier: MIT */
/* A system call may be the last instruction of an INTERRUPT, and no other. */
#include "corpus.h"

function f
	mov	$34, %r8d
s:	cmpl	$0, (%rdi)
	jne	e
	mov	%r8d, %eax
	syscall
#ifndef GOOD
	nop
#endif
e:	ret
r:	ret
r_end:
function_end f
	interrupt s, e, r, r_end, 0
