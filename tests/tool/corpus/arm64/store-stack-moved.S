/* SPDX-License-Identifier: MIT */
/* Where the stack pointer comes from elsewhere, memory by it is nobody's own. */
#include "../corpus.h"

function f
s:
#ifdef GOOD
	str	x2, [sp, #-16]!
	sub	x3, sp, #64
#endif
	mov	sp, x3
	str	x0, [sp]
	sub	sp, sp, #16
	stp	x0, x1, [sp, #-16]!
	str	x1, [x2]
e:	ret
r:	mov	sp, x29
	b	s
function_end f
	preemption s, e, r
