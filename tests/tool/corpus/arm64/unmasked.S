/* SPDX-License-Identifier: MIT */
/* x1 holds a secret when the span begins; the response does not need it. */
#include "../corpus.h"

function f
	ldr	x1, [x1]
s:	mov	x2, #3
	mul	x2, x2, x1
	str	x2, [x0]
	mov	x1, #0
e:	ret
r:	add	x2, x0, #8
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(2)|GOOD_BAD(CLEAR_X(1), 0)
