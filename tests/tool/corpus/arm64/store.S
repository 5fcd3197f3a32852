/* SPDX-License-Identifier: MIT */
/* A store that others can see before the commit. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	UNPUBLISHED
#endif
	str	x2, [x1]
	COMMIT
	stlr	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
