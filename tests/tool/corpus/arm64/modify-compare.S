/* SPDX-License-Identifier: MIT */
/* A comparison that swaps is one. */
#include "../corpus.h"

function f
	.arch	armv8.1-a
s:	ldr	x2, [x3]
	mov	x4, x2
	mov	x5, x2
#ifdef GOOD
	casa	x4, x3, [x1]
#else
	UNPUBLISHED
	casa	x4, x3, [x1]
	str	x2, [x0]
#endif
e:	ret
function_end f
	preemption s, e, s
