/* SPDX-License-Identifier: MIT */
/* What XSAVE reads in an INTERRUPT response may have been cleared. */
#include "corpus.h"

function f
s:	movups	(%rdi), %xmm0
	movups	%xmm0, (%rsi)
e:	ret
r:	GOOD_BAD(incl, xsave) 64(%rsi)
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RDI|ESTP_FP
