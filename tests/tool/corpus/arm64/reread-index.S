/* SPDX-License-Identifier: MIT */
/* By an index that is widened. */
#include "../corpus.h"

function f
s:	ldr	x2, [x1, w3, uxtw #3]
	add	x2, x2, #1
	UNPUBLISHED
	str	x2, [x1, GOOD_BAD(x4, w3), GOOD_BAD(lsl, uxtw) #3]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
