/* SPDX-License-Identifier: MIT */
/* Whether a store-exclusive has stored is asked after the span: in it, one that has is made again. */
#include "../corpus.h"

function f
s:	ldxr	x2, [x0]
	add	x3, x2, x1
	stxr	w4, x3, [x0]
#ifdef GOOD
e:	cbnz	w4, s
#else
	WAIVE(ESTP_RULE_LOOP)
	cbnz	w4, s
e:
#endif
	ret
function_end f
	preemption s, e, s
