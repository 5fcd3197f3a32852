/* SPDX-License-Identifier: MIT */
/* Bit 31 clears what the response copies. */
#include "corpus.h"

function f
s:	movdqu	(%rdi), %xmm0
	pxor	%xmm0, %xmm0
e:	ret
r:
#ifdef GOOD
	pxor	%xmm1, %xmm1
#endif
	movdqu	%xmm1, (%rsi)
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_FP|ESTP_RDI
