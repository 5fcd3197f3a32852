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
 *	sum = slot->value + *amount		a FAULT here: return 0
 *	(dawdle)
 *	slot->value = sum			the commit
 * end:
 *	return tries
 *
 *	rdi	tallies, 64 bytes each		in, kept
 *	rsi	where the CPU number is		in, kept
 *	rdx	amount, perhaps not mapped	in, kept
 *	rax	tries; 0: amount is unreadable	out
 *	r8	offset of the slot		scratch
 *	r9	sum				scratch
 *	rcx	dawdle				scratch
 *
 * PREEMPTION: response = start; all before the commit is in scratch registers.
 * FAULT: response = tally_unreadable, before anything has been written.
 */
#include "page.h"

	estp_page tally_page, 2
	estp_descriptor tally_page, PREEMPTION, tally_start, tally_end, tally_start
	estp_descriptor tally_page, FAULT, tally_load, tally_loaded, tally_unreadable

function tally_add
	xor	%eax, %eax
tally_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	$1, %eax
	mov	(%rsi), %r8d
	shl	$6, %r8
	mov	(%rdi,%r8), %r9
tally_load:
	add	(%rdx), %r9
tally_loaded:
	mov	$150, %ecx
1:	dec	%ecx
	jnz	1b
	COMMIT
	mov	%r9, (%rdi,%r8)
tally_end:
	ret
tally_unreadable:
	xor	%eax, %eax
	ret
function_end tally_add

	estp_page_end tally_page

	.section .note.GNU-stack, "", @progbits
