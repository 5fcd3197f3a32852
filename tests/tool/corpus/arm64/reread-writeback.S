/* SPDX-License-Identifier: MIT */
/* The same place, by a base that has moved since. */
#include "../corpus.h"

function f
s:	mov	x3, x1
	ldp	x2, x4, [x3], #16
	ldr	x5, [x3, #8]!
	add	x2, x2, x4
	UNPUBLISHED
	str	x2, [x3, #GOOD_BAD(-8, -16)]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
