/* SPDX-License-Identifier: MIT */
/* So is a store-exclusive. */
#include "../corpus.h"

function f
	ldxr	x3, [x1]
s:	ldr	x2, [x0]
	add	x2, x2, #1
#ifdef GOOD
	ldxr	x3, [x1]
	clrex
#else
	stlxr	w3, x2, [x1]
#endif
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
