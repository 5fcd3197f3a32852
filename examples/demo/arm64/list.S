/* SPDX-License-Identifier: MIT */
/*
 * The linked library's sequence: push a node on this CPU's list, without atomics.
 *
 * unsigned long list_push(struct list *lists, struct node *node,
 *			   const volatile uint32_t *cpu)
 *
 *	tries = 0
 * start:
 *	tries++
 *	list = &lists[*cpu]
 *	node->next = list->first
 *	(dawdle)
 *	list->first = node			the commit
 * end:
 *	return tries
 *
 *	x0	lists, 64 bytes each		in, kept; tries: out
 *	x1	node				in, kept
 *	x2	where the CPU number is		in, kept
 *	x3	tries
 *	x4	offset of the list		scratch
 *	x5	first				scratch
 *	x6	dawdle				scratch
 *
 * Response = start. The store to node->next may happen any number of times: the
 * node is nobody else's until the commit. Nobody on another CPU walks the list
 * before its thread has been joined, so the commit needs no release.
 */
#include "page.h"

	estp_page list_page, 1
	estp_descriptor list_page, PREEMPTION, list_start, list_end, list_start

function list_push
	mov	x3, #0
list_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	x3, x3, #1
	ldr	w4, [x2]
	lsl	x4, x4, #6
	ldr	x5, [x0, x4]
	UNPUBLISHED
	str	x5, [x1]
	mov	w6, #150
1:	subs	w6, w6, #1
	b.ne	1b
	str	x1, [x0, x4]
list_end:
	mov	x0, x3
	ret
function_end list_push

	estp_page_end list_page

	.section .note.GNU-stack, "", %progbits
