/* SPDX-License-Identifier: MIT */
/* Instructions stand at multiples of 4 (TAB-4). */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e + GOOD_BAD(0, 2), s
