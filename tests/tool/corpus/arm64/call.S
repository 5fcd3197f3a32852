/* SPDX-License-Identifier: MIT */
/* What a call runs is not in the span. */
#include "../corpus.h"

function f
	mov	x19, x30
	ldr	x20, [x0]
s:	ldr	x21, [x20]
#ifndef GOOD
	bl	g
#endif
	str	x21, [x20]
e:	ret	x19
function_end f
function g
	ret
function_end g
	preemption s, e, s
