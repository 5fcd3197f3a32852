/* SPDX-License-Identifier: MIT */
/* A SIMD instruction of a size that there is none of. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0x4ee2121b
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
