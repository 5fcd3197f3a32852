/* SPDX-License-Identifier: MIT */
/* It is the last instruction in the file's order, but not on its path. */
#include "../corpus.h"

function f
s:	ldr	x3, [x0]
	cbnz	x3, 2f
1:	nop
	b	e
2:	str	x1, [x2]
#ifndef GOOD
	b	1b
#endif
e:	ret
function_end f
	preemption s, e, s
