/* SPDX-License-Identifier: MIT */
/* There are three selectors (TAB-4). */
#include "corpus.h"

function f
s:	mov	(%rdi), %rax
	mov	%rax, (%rsi)
e:	ret
function_end f
	entry	GOOD_BAD(0, 3), s, e, s
