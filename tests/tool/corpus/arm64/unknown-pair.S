/* SPDX-License-Identifier: MIT */
/* What some machines do so, others otherwise. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0xa9400c03
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
