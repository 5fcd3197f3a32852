/* SPDX-License-Identifier: MIT */
/* The status of a store-exclusive is written; and the one that is the commit may well be. */
#include "../corpus.h"

function f
s:	ldr	x3, [x1]
	ldxr	x2, [x0]
	add	x2, x2, x3
#ifndef GOOD
	UNPUBLISHED
	stxr	w1, x2, [x4]
	ldr	x3, [x4, #16]
	str	x3, [x4, #8]
#else
	stxr	w1, x2, [x0]
#endif
e:	ret
function_end f
	preemption s, e, s
