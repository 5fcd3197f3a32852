/* SPDX-License-Identifier: MIT */
/* A system call may be the last instruction of an INTERRUPT, and no other. */
#include "../corpus.h"

function f
	mov	x9, #73
s:	ldr	w3, [x2]
	cbnz	w3, e
	mov	x8, x9
	svc	#0
#ifndef GOOD
	nop
#endif
e:	ret
r:	ret
r_end:
function_end f
	interrupt s, e, r, r_end, 0
