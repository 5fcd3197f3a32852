/* SPDX-License-Identifier: MIT */
/* The response goes on in the middle, with the CPU number of before. */
#include "../corpus.h"

function f
s:	ldr	w2, [x0]
1:	ldr	x3, [x1, x2, lsl #3]
	add	x3, x3, #1
	str	x3, [x1, x2, lsl #3]
e:	ret
function_end f
	preemption s, e, GOOD_BAD(s, 1b)
