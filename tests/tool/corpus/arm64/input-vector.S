/* SPDX-License-Identifier: MIT */
/* Vector registers are inputs: of a lane, the others are kept. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	movi	v1.2d, #0
#endif
	mov	v1.d[0], x2
	UNPUBLISHED
	str	q1, [x1]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
