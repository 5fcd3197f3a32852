/* SPDX-License-Identifier: MIT */
/* The same place by another register. */
#include "../corpus.h"

function f
s:	add	x3, x1, #16
	ldr	x2, [x1, #16]
	add	x2, x2, #1
	UNPUBLISHED
	str	x2, [x3, #GOOD_BAD(8, 0)]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
