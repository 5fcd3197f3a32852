/* SPDX-License-Identifier: MIT */
/* Nor what memory tags are stored. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0xd9200820
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
