/* SPDX-License-Identifier: MIT */
/* A narrow write clears the upper half of an input, too; the good one read the lower one only. */
#include "../corpus.h"

function f
s:
#ifdef GOOD
	mov	w3, w1
	mov	w4, w1
#else
	mov	x3, x1
#endif
#ifdef GOOD
	add	w3, w3, w4
#else
	ldr	w1, [x0]
#endif
	str	x3, [x0, #8]
e:	ret
function_end f
	preemption s, e, s
