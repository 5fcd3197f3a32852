/* SPDX-License-Identifier: MIT */
/* A system call is no instruction of a PREEMPTION. */
#include "corpus.h"

function f
s:	mov	$39, %eax
#ifndef GOOD
	syscall
#endif
	mov	%rax, (%rsi)
e:	ret
function_end f
	preemption s, e, s
