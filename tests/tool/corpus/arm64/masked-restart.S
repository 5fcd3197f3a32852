/* SPDX-License-Identifier: MIT */
/* The start reads it, where the response leads. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	add	x2, x2, x1
	str	x2, [x0]
e:	ret
r:	b	s
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(2)|GOOD_BAD(0, CLEAR_X(1))
