/* SPDX-License-Identifier: MIT */
/* A return that authenticates its address may be a FAULT itself; a plain one is none. */
#include "../corpus.h"

function f
	hint	25		/* paciasp */
s:	ldr	x2, [x0]
#ifdef GOOD
	mov	x0, x2
e:	.inst	0xd65f0bff	/* retaa */
#else
	.inst	0xd65f0bff
e:	nop
#endif
r:	.inst	0xd65f0bff
function_end f
	fault	s, e, r
