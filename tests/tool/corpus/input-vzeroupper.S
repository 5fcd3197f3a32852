/* SPDX-License-Identifier: MIT */
/* VZEROUPPER takes the upper half of an input. */
#include "corpus.h"

function f
s:	vpaddq	(%rdi), %ymm0, %ymm1
	UNPUBLISHED
	vmovdqu	%ymm1, (%rsi)
	GOOD_BAD(nop, vzeroupper)
	mov	%rsi, (%rdx)
e:	ret
function_end f
	preemption s, e, s
