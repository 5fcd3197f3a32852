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
 *	rdi	lists, 64 bytes each		in, kept
 *	rsi	node				in, kept
 *	rdx	where the CPU number is		in, kept
 *	rax	tries				out
 *	r8	offset of the list		scratch
 *	r9	first				scratch
 *	rcx	dawdle				scratch
 *
 * Response = start. The store to node->next may happen any number of times: the
 * node is nobody else's until the commit.
 */
#include "page.h"

	estp_page list_page, 1
	estp_descriptor list_page, PREEMPTION, list_start, list_end, list_start

function list_push
	xor	%eax, %eax
list_start:
	WAIVE(COUNTS_TRIES)
	WAIVE(DAWDLES)
	add	$1, %eax
	mov	(%rdx), %r8d
	shl	$6, %r8
	mov	(%rdi,%r8), %r9
	UNPUBLISHED
	mov	%r9, (%rsi)
	mov	$150, %ecx
1:	dec	%ecx
	jnz	1b
	COMMIT
	mov	%rsi, (%rdi,%r8)
list_end:
	ret
function_end list_push

	estp_page_end list_page

	.section .note.GNU-stack, "", @progbits
