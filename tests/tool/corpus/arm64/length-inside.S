/* SPDX-License-Identifier: MIT */
/* The response's length ends inside an instruction. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	str	x2, [x1]
e:	ret
r:	b	s
r_end:
function_end f
	interrupt s, e, r, GOOD_BAD(r_end, r_end-2), CLEAR_X(2)
