/* SPDX-License-Identifier: MIT */
/* Read only after it was written, a place is no input. */
#include "../corpus.h"

function f
s:
#ifdef GOOD
	UNPUBLISHED
	str	xzr, [x1]
#endif
	ldr	x2, [x1]
	add	x2, x2, #1
	UNPUBLISHED
	str	x2, [x1]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
