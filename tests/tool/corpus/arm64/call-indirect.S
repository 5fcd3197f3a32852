/* SPDX-License-Identifier: MIT */
/* Nor what a pointer leads to. */
#include "../corpus.h"

function f
	mov	x19, x30
	ldr	x20, [x0]
s:	ldr	x21, [x20]
#ifndef GOOD
	blr	x20
#endif
	str	x21, [x20]
e:	ret	x19
function_end f
	preemption s, e, s
