/* SPDX-License-Identifier: MIT */
/* The carry flag is an input. */
#include "../corpus.h"

function f
	adds	x3, x3, x3
s:	ldr	x2, [x0]
#ifdef GOOD
	add	x2, x2, x1
#else
	adc	x2, x2, x1
	adds	x2, x2, x1
#endif
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
