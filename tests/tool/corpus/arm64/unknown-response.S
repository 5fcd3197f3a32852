/* SPDX-License-Identifier: MIT */
/* A copy by one instruction (MOPS) in an INTERRUPT response reads what was cleared. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	str	x2, [x1]
e:	ret
r:	str	xzr, [x1]
#ifndef GOOD
	.inst	0x19010440		/* cpyfp [x0]!, [x1]!, x2! */
#endif
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(0)|CLEAR_X(2)
