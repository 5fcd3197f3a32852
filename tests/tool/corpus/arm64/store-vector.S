/* SPDX-License-Identifier: MIT */
/* Vector stores are stores. */
#include "../corpus.h"

function f
s:	ld1	{v0.4s, v1.4s}, [x0]
	ldr	x2, [x0, #32]
#ifdef GOOD
	UNPUBLISHED
#endif
	st1	{v0.4s, v1.4s}, [x1]
	str	x2, [x1, #32]
e:	ret
function_end f
	preemption s, e, s
