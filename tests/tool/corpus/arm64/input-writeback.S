/* SPDX-License-Identifier: MIT */
/* A base that moves is overwritten. */
#include "../corpus.h"

function f
s:
#ifdef GOOD
	ldr	x2, [x0]
#else
	ldr	x2, [x0], #8
#endif
	ldr	x3, [x0, #8]
	add	x2, x2, x3
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
