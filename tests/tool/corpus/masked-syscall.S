/* SPDX-License-Identifier: MIT */
/* A system call reads its number; which arguments it has depends on that, and none is said to be read. */
#include "corpus.h"

function f
s:	cmpl	$0, (%rbx)
	jne	e
#ifdef GOOD
	mov	$110, %eax
#endif
	syscall
e:	ret
r:	jmp	s
r_end:
function_end f
	interrupt s, e, r, r_end, ESTP_RAX|ESTP_RCX|ESTP_RDX|ESTP_RSI|ESTP_RDI|ESTP_R8|ESTP_R9|ESTP_R10
