/* SPDX-License-Identifier: MIT */
/* The span ends before the return. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
e:	ret
#else
	ret
e:	nop
#endif
function_end f
	preemption s, e, s
