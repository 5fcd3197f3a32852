/* SPDX-License-Identifier: MIT */
/* The response's code runs on past its length. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	mul	x2, x2, x2
	str	x2, [x1]
e:	ret
r:	mov	x3, #1
r_middle:
	b	s
r_end:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_middle), CLEAR_X(2)
