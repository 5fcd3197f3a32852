/* SPDX-License-Identifier: MIT */
/* The stack pointer is an input like any other. */
#include "../corpus.h"

function f
#ifdef GOOD
	str	x19, [sp, #-16]!
s:	ldr	x19, [x0]
#else
s:	str	x19, [sp, #-16]!
	ldr	x19, [x0]
#endif
	add	x19, x19, #1
	str	x19, [x0]
e:	ldr	x19, [sp], #16
	ret
function_end f
	preemption s, e, s
