/* SPDX-License-Identifier: MIT */
/* A system call is no instruction of a PREEMPTION. */
#include "../corpus.h"

function f
s:	mov	x8, #172
#ifndef GOOD
	svc	#0
#endif
	str	x8, [x1]
e:	ret
function_end f
	preemption s, e, s
