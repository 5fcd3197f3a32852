/* SPDX-License-Identifier: MIT */
/* What is marked as the commit is not the last. */
#include "../corpus.h"

function f
s:	ldr	x1, [x0]
	COMMIT
	str	x1, [x2]
#ifndef GOOD
	add	x1, x1, #1
#endif
e:	ret
function_end f
	preemption s, e, s
