/* SPDX-License-Identifier: MIT */
/* A read-modify-write is done twice by a restart, to whatever memory it goes. */
#include "../corpus.h"

function f
	.arch	armv8.1-a
s:	ldr	x2, [x3]
	mov	x4, x2
	mov	x5, x2
#ifdef GOOD
	ldadd	x3, x4, [x1]
#else
	UNPUBLISHED
	ldadd	x3, x4, [x1]
	str	x2, [x0]
#endif
e:	ret
function_end f
	preemption s, e, s
