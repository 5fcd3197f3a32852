/* SPDX-License-Identifier: MIT */
/*
 * A sequence that one leaves only by a diversion.
 *
 * unsigned long spin(struct spin *s)
 *
 *	tries = 0
 * start:
 *	tries++
 *	epoch = s->epoch
 *	while (!s->stop)
 *		s->heartbeat = epoch
 * end:
 *	return tries
 *
 *	rdi	s				in, kept
 *	rax	tries				out
 *	rdx	epoch				scratch
 *
 * Response = start: whoever is diverted takes the new epoch. The heartbeat tells
 * an observer that the thread is inside, and with which epoch. It is an output
 * only, so writing it again and again is harmless; the "commit" is leaving.
 */
#include "page.h"
#include "spin.h"

	estp_page spin_page, 1
	estp_descriptor spin_page, PREEMPTION, spin_start, spin_end, spin_start

function spin
	xor	%eax, %eax
spin_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(STORES)
	WAIVE(DAWDLES)
	add	$1, %rax
	mov	SPIN_EPOCH(%rdi), %rdx
1:	cmpl	$0, SPIN_STOP(%rdi)
	jne	spin_end
	mov	%rdx, SPIN_HEARTBEAT(%rdi)
	jmp	1b
spin_end:
	ret
function_end spin

	estp_page_end spin_page

	.section .note.GNU-stack, "", @progbits
