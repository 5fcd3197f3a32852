/* SPDX-License-Identifier: MIT */
/* Both registers of a pair are written. */
#include "../corpus.h"

function f
s:	ldr	x4, [x1]
	ldp	x2, GOOD_BAD(x3, x1), [x0]
	add	x2, x2, x3
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
