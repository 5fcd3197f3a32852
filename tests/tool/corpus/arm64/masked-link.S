/* SPDX-License-Identifier: MIT */
/* x30 can be cleared: then there is no return. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	mul	x2, x2, x2
	str	x2, [x0]
e:	ret
r:	str	xzr, [x0]
#ifdef GOOD
	mov	x30, x9
#endif
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(2)|CLEAR_X(30)
