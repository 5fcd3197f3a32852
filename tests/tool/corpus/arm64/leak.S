/* SPDX-License-Identifier: MIT */
/* A PREEMPTION inside an INTERRUPT span, whose response lies outside (MASK-5). */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
a:	ldr	x3, [x1]
	mul	x3, x3, x2
	str	x3, [x1, #8]
b:	mov	x2, #0
e:	ret
r:	mov	x3, #0
	ret
r_end:
out:	ret
function_end f
	interrupt s, e, r, r_end, CLEAR_X(0)|CLEAR_X(1)|CLEAR_X(2)|CLEAR_X(3)
	preemption a, b, GOOD_BAD(a, out)
