/* SPDX-License-Identifier: MIT */
/*
 * The dlopen'ed library's sequences, of two kinds on one page.
 *
 * unsigned long tally_add(struct percpu *tallies, const volatile uint32_t *cpu,
 *			   const uint64_t *amount)
 *
 *	tries = 0
 * start:
 *	tries++
 *	slot = &tallies[*cpu]
 *	sum = slot->value
 *	sum += *amount				a FAULT here: return 0
 *	(dawdle)
 *	slot->value = sum			the commit
 * end:
 *	return tries
 *
 *	x0	tallies, 64 bytes each		in, kept; tries: out
 *	x1	where the CPU number is		in, kept
 *	x2	amount, perhaps not mapped	in, kept
 *	x3	tries; 0: amount is unreadable
 *	x4	offset of the slot		scratch
 *	x5	sum				scratch
 *	x6	*amount, then dawdle		scratch
 *
 * PREEMPTION: response = start; all before the commit is in scratch registers.
 * FAULT: response = tally_unreadable, before anything has been written.
 */
#include "page.h"

	estp_page tally_page, 2
	estp_descriptor tally_page, PREEMPTION, tally_start, tally_end, tally_start
	estp_descriptor tally_page, FAULT, tally_load, tally_loaded, tally_unreadable

function tally_add
	mov	x3, #0
tally_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	x3, x3, #1
	ldr	w4, [x1]
	lsl	x4, x4, #6
	ldr	x5, [x0, x4]
tally_load:
	ldr	x6, [x2]
tally_loaded:
	add	x5, x5, x6
	mov	w6, #150
1:	subs	w6, w6, #1
	b.ne	1b
	str	x5, [x0, x4]
tally_end:
	mov	x0, x3
	ret
tally_unreadable:
	mov	x0, #0
	ret
function_end tally_add

	estp_page_end tally_page

	.section .note.GNU-stack, "", %progbits
