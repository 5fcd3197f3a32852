/* SPDX-License-Identifier: MIT */
/* Bit 31 clears what the response copies. */
#include "../corpus.h"

function f
s:	ldr	q0, [x0]
	movi	v0.2d, #0
e:	ret
r:
#ifdef GOOD
	movi	v1.2d, #0
#endif
	str	q1, [x1]
	ret
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_FP|CLEAR_X(0)
