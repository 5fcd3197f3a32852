/* SPDX-License-Identifier: MIT */
/* An INTERRUPT response that lies in its own span, and that the start does not lead to. */
#include "corpus.h"

function f
s:	movups	(%rdi), %xmm0
	jmp	1f
r:	movl	$1, 64(%rsi)
	GOOD_BAD(incl, xsave) 64(%rsi)
	ret
r_end:
	WAIVE(ESTP_RULE_INDIRECT)
1:	movups	%xmm0, (%rsi)
e:	ret
function_end f
	interrupt s, e, r, r_end, ESTP_RDI|ESTP_FP
