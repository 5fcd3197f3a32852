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
 *	x0	s				in, kept; tries: out
 *	x1	tries
 *	x2	epoch				scratch
 *	x3	stop				scratch
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
	mov	x1, #0
spin_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(STORES)
	WAIVE(DAWDLES)
	add	x1, x1, #1
	ldr	x2, [x0, #SPIN_EPOCH]
1:	ldr	w3, [x0, #SPIN_STOP]
	cbnz	w3, spin_end
	str	x2, [x0, #SPIN_HEARTBEAT]
	b	1b
spin_end:
	mov	x0, x1
	ret
function_end spin

	estp_page_end spin_page

	.section .note.GNU-stack, "", %progbits
