/* SPDX-License-Identifier: MIT */
/* The response jumps to the start; the good one brings the input back first. */
#include "../corpus.h"

function f
	mov	x8, x1
s:	ldr	x2, [x0]
	add	x1, x1, x2
	str	x1, [x0]
e:	ret
r:
#ifdef GOOD
	mov	x1, x8
#else
	mov	x2, x8
#endif
	b	s
function_end f
	preemption s, e, r
