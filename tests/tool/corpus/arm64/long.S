/* SPDX-License-Identifier: MIT */
/* Very many instructions. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
	.rept	GOOD_BAD(100, 1000)
	add	x2, x2, #1
	.endr
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
