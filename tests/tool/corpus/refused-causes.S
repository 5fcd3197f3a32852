/* SPDX-License-Identifier: MIT */
/* A FAULT has causes (TAB-5). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
e:	ret
r:	ud2
function_end f
	entry	2, s, e, r, 0, GOOD_BAD(3, 0)
