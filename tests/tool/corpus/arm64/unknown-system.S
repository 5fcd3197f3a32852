/* SPDX-License-Identifier: MIT */
/* Nor what a register of the system changes. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0xd51b42c0
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
