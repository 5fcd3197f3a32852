/* SPDX-License-Identifier: MIT */
/* A store-exclusive may store nothing; a store-release always does. */
#include "../corpus.h"

function f
s:	UNPUBLISHED
#ifdef GOOD
	stlr	xzr, [x1]
#else
	stxr	w4, xzr, [x1]
#endif
	ldr	x3, [x1]
	str	x3, [x0]
e:	ret
function_end f
	preemption s, e, s
