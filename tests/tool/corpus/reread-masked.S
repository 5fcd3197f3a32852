/* SPDX-License-Identifier: MIT */
/* What a masked store leaves may be what the first run made of it. */
#include "corpus.h"

function f
s:
#ifdef GOOD
	UNPUBLISHED
	movups	%xmm0, (%rsi)
	UNPUBLISHED
	vmovups	%zmm0, (%rdx)
	UNPUBLISHED
	movups	%xmm0, (%rdi)
#else
	UNPUBLISHED
	vmaskmovps %xmm0, %xmm1, (%rsi)
	UNPUBLISHED
	vmovups	%zmm0, (%rdx){%k1}
	UNPUBLISHED
	maskmovdqu %xmm1, %xmm0
#endif
	mov	(%rsi), %r9d
	mov	(%rdx), %r10d
	mov	(%rdi), %r11d
	mov	%r9d, (%rcx)
e:	ret
function_end f
	preemption s, e, s
