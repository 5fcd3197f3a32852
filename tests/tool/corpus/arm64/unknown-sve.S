/* SPDX-License-Identifier: MIT */
/* What SVE does is not known here. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0x04603020
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
