/* SPDX-License-Identifier: MIT */
/* The response reads a register that was cleared before it. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	mul	x2, x2, x2
	str	x2, [x0]
e:	ret
r:
#ifdef GOOD
	add	x3, x0, #1
#else
	add	x3, x0, w2, uxtw
#endif
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(2)
