/* SPDX-License-Identifier: MIT */
/* Nobody knows where it leads. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	b	e
#else
	br	x2
#endif
e:	ret
function_end f
	preemption s, e, s
