/* SPDX-License-Identifier: MIT */
/* An INTERRUPT response that ends in bytes that are no instruction. */
#include "corpus.h"

function f
s:	movups	(%rdi), %xmm0
	movups	%xmm0, (%rsi)
e:	ret
r:	movl	$1, 64(%rsi)
#ifdef GOOD
	ret
#else
	.byte	0x06
#endif
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RDI|ESTP_FP
