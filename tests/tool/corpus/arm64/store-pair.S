/* SPDX-License-Identifier: MIT */
/* Pairs are stored, too. */
#include "../corpus.h"

function f
s:	ldp	x2, x3, [x0]
#ifdef GOOD
	UNPUBLISHED
#endif
	stnp	x2, x3, [x1]
	str	x1, [x0]
e:	ret
function_end f
	preemption s, e, s
