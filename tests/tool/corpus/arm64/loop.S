/* SPDX-License-Identifier: MIT */
/* A loop. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	mov	x3, #0
1:	add	x3, x3, #1
	cmp	x3, x1
#ifndef GOOD
	b.lo	1b
#endif
	add	x2, x2, x3
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
