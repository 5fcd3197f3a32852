/* SPDX-License-Identifier: MIT */
/* The same selector, start and length twice in one table (TAB-11). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
r:	ud2
function_end f
	fault	s, e, r
	GOOD_BAD(preemption s, fault s), e, GOOD_BAD(s, r)
