/* SPDX-License-Identifier: MIT */
/* The response to a FAULT lies in the span. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
r:	ldr	x3, [x1]
e:	ret
function_end f
	fault	s, GOOD_BAD(r, e), r
