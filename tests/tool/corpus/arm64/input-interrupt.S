/* SPDX-License-Identifier: MIT */
/* An INTERRUPT that starts again needs its inputs, too. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	mul	x2, x2, x1
#ifdef GOOD
	add	x4, x0, #8
	ldr	x3, [x4]
#else
	ldr	x3, [x0, #8]!
#endif
	add	x2, x2, x3
	mov	x3, #0
e:	ret
r:	b	s
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(2)|CLEAR_X(3)|GOOD_BAD(CLEAR_X(4), 0)
