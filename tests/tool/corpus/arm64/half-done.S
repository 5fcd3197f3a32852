/* SPDX-License-Identifier: MIT */
/* The response gives up, after a store that others can see. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	UNPUBLISHED
#endif
	str	x2, [x1]
	str	x1, [x0]
e:	ret
r:	mov	x0, #1
	ret
function_end f
	preemption s, e, r
