/* SPDX-License-Identifier: MIT */
/* So are the flags that a selection or a conditional comparison looks at. */
#include "../corpus.h"

function f
	cmp	x3, x4
s:	ldr	x2, [x0]
#ifdef GOOD
	cmp	x2, #5
#endif
	csel	x2, x2, x1, hi
	cmp	x2, #7
	csinc	x2, x2, x1, hi
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
