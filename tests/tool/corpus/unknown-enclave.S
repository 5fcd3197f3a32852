/* SPDX-License-Identifier: MIT */
/* ENCLU leaves for an enclave. */
#include "corpus.h"

function f
s:	mov	(%rdx), %rcx
	GOOD_BAD(nop, enclu)
	mov	%rcx, (%rsi)
e:	ret
function_end f
	preemption s, e, s
