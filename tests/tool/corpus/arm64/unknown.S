/* SPDX-License-Identifier: MIT */
/* A word that is no instruction. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	nop
#else
	.inst	0x06000000
#endif
	str	x2, [x1]
e:	ret
function_end f
	preemption s, e, s
