/* SPDX-License-Identifier: MIT */
/* The second half of a pair. */
#include "../corpus.h"

function f
s:	ldr	x2, [x1, #8]
	add	x2, x2, #1
	UNPUBLISHED
	stp	x2, x2, [x1, #GOOD_BAD(16, 0)]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
