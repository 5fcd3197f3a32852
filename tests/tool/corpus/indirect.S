/* SPDX-License-Identifier: MIT */
/* Nobody knows where it leads. */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
#ifdef GOOD
	jmp	e
#else
	jmp	*%rax
#endif
e:	ret
function_end f
	preemption s, e, s
