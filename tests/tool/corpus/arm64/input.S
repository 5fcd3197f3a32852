/* SPDX-License-Identifier: MIT */
/* An input is overwritten, and the response is the start. */
#include "../corpus.h"

function f
s:	ldr	w2, [x0]
#ifdef GOOD
	lsl	x3, x2, #6
	ldr	x4, [x1, x3]
	add	x4, x4, #1
	str	x4, [x1, x3]
#else
	add	x1, x1, x2, lsl #6
	ldr	x4, [x1]
	add	x4, x4, #1
	str	x4, [x1]
#endif
e:	ret
function_end f
	preemption s, e, s
