/* SPDX-License-Identifier: MIT */
/* So is one of a single lane. */
#include "../corpus.h"

function f
s:	movi	v0.4s, #1
	ldr	x2, [x0]
#ifdef GOOD
	UNPUBLISHED
#endif
	st1	{v0.s}[1], [x1]
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
