/* SPDX-License-Identifier: MIT */
/* A system call reads its number; which arguments it has depends on that, and none is said to be read. */
#include "../corpus.h"

function f
s:	ldr	w9, [x19]
	cbnz	w9, e
#ifdef GOOD
	mov	x8, #173
#endif
	svc	#0
e:	ret
r:	b	s
r_end:
function_end f
	interrupt s, e, r, r_end, CLEAR_X(0)|CLEAR_X(1)|CLEAR_X(2)|CLEAR_X(3)|CLEAR_X(4)|CLEAR_X(5)|CLEAR_X(8)|CLEAR_X(9)
