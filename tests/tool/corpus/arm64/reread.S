/* SPDX-License-Identifier: MIT */
/* Marked as unpublished, but a restart would read what the first run has left. */
#include "../corpus.h"

function f
s:	ldr	x2, [x1]
	add	x2, x2, #1
	UNPUBLISHED
	str	x2, [x1, #GOOD_BAD(8, 0)]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
