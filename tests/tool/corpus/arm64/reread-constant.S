/* SPDX-License-Identifier: MIT */
/* At an address that is worked out. */
#include "../corpus.h"

function f
s:	adr	x3, s
	ldr	x2, [x3, #-64]
	add	x2, x2, #1
	sub	x4, x3, #GOOD_BAD(72, 64)
	UNPUBLISHED
	str	x2, [x4]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
