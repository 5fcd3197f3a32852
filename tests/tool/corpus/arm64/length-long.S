/* SPDX-License-Identifier: MIT */
/* The response's length holds code that is none of it. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	str	x2, [x1]
e:	ret
r:	b	s
r_end:
	mov	x2, #1
	ret
r_far:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_far), CLEAR_X(2)
