/* SPDX-License-Identifier: MIT */
/* DC ZVA stores; PRFM does not, nor does DC CVAC. */
#include "../corpus.h"

function f
s:	ldr	x2, [x0]
#ifdef GOOD
	prfm	pstl1keep, [x1]
	dc	cvac, x1
#else
	dc	zva, x1
#endif
	str	x2, [x0]
e:	ret
function_end f
	preemption s, e, s
