/* SPDX-License-Identifier: MIT */
/*
 * The program's own sequence: add 1 to this CPU's counter, without atomics.
 *
 * unsigned long percpu_add(struct percpu *counters, const volatile uint32_t *cpu)
 *
 *	tries = 0
 * start:
 *	tries++
 *	slot = &counters[*cpu]
 *	value = slot->value
 *	(dawdle)
 *	slot->value = value + 1			the commit
 * end:
 *	return tries
 *
 *	x0	counters, 64 bytes each		in, kept; tries: out
 *	x1	where the kernel keeps the
 *		thread's CPU number		in, kept
 *	x2	tries
 *	x3	offset of the slot		scratch
 *	x4	value				scratch
 *	x5	dawdle				scratch
 *
 * Response = start. Harmless because everything before the commit is in scratch
 * registers, computed from inputs that are not overwritten; after the commit, the
 * pc is past the span. The sum stays right because nobody else runs on this CPU
 * between start and commit, or the thread does not get as far as the commit.
 *
 * x2 survives a diversion as all registers do, which makes it a free count of
 * restarts. Dawdling stands for a longer computation: it opens the window wide.
 */
#include "page.h"

	estp_page percpu_page, 1
	estp_descriptor percpu_page, PREEMPTION, percpu_start, percpu_end, percpu_start

	.globl	percpu_start, percpu_end
	.hidden	percpu_start, percpu_end
function percpu_add
	mov	x2, #0
percpu_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	x2, x2, #1
	ldr	w3, [x1]
	lsl	x3, x3, #6
	ldr	x4, [x0, x3]
	mov	w5, #150
1:	subs	w5, w5, #1
	b.ne	1b
	add	x4, x4, #1
	str	x4, [x0, x3]
percpu_end:
	mov	x0, x2
	ret
function_end percpu_add

	estp_page_end percpu_page

	.section .note.GNU-stack, "", %progbits
