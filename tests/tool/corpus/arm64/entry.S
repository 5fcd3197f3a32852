/* SPDX-License-Identifier: MIT */
/* A jump into the middle: with a CPU number that nobody has read. */
#include "../corpus.h"

function f
s:	ldr	w2, [x0]
1:	ldr	x3, [x1]
	str	x3, [x1, x2]
e:	ret
function_end f
function g
	mov	x2, #8
	b	GOOD_BAD(s, 1b)
function_end g
	preemption s, e, s
