/* SPDX-License-Identifier: MIT */
/* A store that is a release is one. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	ldar	x3, [x1]
#else
	stlrb	w2, [x1]
#endif
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
