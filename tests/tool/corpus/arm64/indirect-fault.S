/* SPDX-License-Identifier: MIT */
/* A return by way of a register does a FAULT no harm, a jump by one may. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	ret
#else
	br	x2
#endif
e:	nop
r:	ret
function_end f
	fault	s, e, r
