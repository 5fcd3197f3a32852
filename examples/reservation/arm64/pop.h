/* SPDX-License-Identifier: MIT */
/*
 * Take the first node off a list, by load-reserved and store-conditional.
 *
 *   again:
 *	node = *head			LDAXR: reserves
 *	if (!node)
 *		return NULL
 *	spin				stands for more work, to open the window
 *   start:
 *	next = node->next		the conditional load
 *   end:
 *	*head = next			STLXR: only if the reservation holds
 *	if (it did not)
 *		goto again
 *	return node
 *   response:
 *	break the reservation		CLREX
 *	if (++faults == FAULTS_MAX)
 *		return BAD_LIST
 *	goto end			resume after the load
 *
 * FAULT, of memory only.  Between reservation and load another thread may take the node,
 * and give its memory away: then the load faults.  But the head has changed, so that the
 * store would fail anyway: what the load would have brought is of no importance.  It is a
 * load on condition that the reservation holds, nearly: a fault is taken for a lost
 * reservation, and to make that true the response breaks it.  (The way to the response
 * and back from the kernel breaks it as well; a sequence is not to count on that.)  A fault for
 * another reason is then tried again; only its repetition tells it.
 *
 *	head			in, kept
 *	node			out, kept from the reservation on
 *	next, t			scratch
 *	faults			of this pop
 */
#ifndef POP_H
#define POP_H

#include <estp/sequence.h>

#include "../../tracer.h"
#include "../list.h"

/* For the tracer. */
extern const char reserved_load[] NAMED;

ONE_COPY
static struct node *pop(struct node **head, uint64_t spins, uint64_t *faults)
{
	struct node *node, *next;
	uint64_t t, faulted = 0;

	__asm__ volatile(
		ESTP_LABEL(pop, again) ":\n\t"
		"ldaxr	%x[node], [%x[head]]\n\t"
		"cbz	%x[node], " ESTP_LABEL(pop, empty) "\n\t"
		"mov	%x[t], %x[spins]\n\t"
		ESTP_LABEL(pop, spin) ":\n\t"
		"sub	%x[t], %x[t], #1\n\t"
		"cbnz	%x[t], " ESTP_LABEL(pop, spin) "\n\t"
		ESTP_START(pop)
		"reserved_load:	ldr	%x[next], [%x[node]]\n\t"
		ESTP_END(pop)
		"stlxr	%w[t], %x[next], [%x[head]]\n\t"
		"cbnz	%w[t], " ESTP_LABEL(pop, again) "\n\t"
		ESTP_LABEL(pop, done) ":\n\t"
		ESTP_ON_FAULT(pop, ESTP_LABEL(pop, response), ESTP_MEMORY)
		ESTP_COLD_BEGIN
		ESTP_LABEL(pop, response) ":\n\t"
		"clrex\n\t"
		"add	%x[faulted], %x[faulted], #1\n\t"
		"cmp	%x[faulted], %[most]\n\t"
		"b.lo	" ESTP_LABEL(pop, end) "\n\t"
		"mov	%x[node], #-1\n\t"
		"b	" ESTP_LABEL(pop, done) "\n\t"
		ESTP_LABEL(pop, empty) ":\n\t"
		"clrex\n\t"
		"b	" ESTP_LABEL(pop, done) "\n\t"
		ESTP_COLD_END
		: [node] "=&r"(node), [next] "=&r"(next), [t] "=&r"(t), [faulted] "+r"(faulted)
		: [head] "r"(head), [spins] "r"(spins), [most] "i"(FAULTS_MAX)
		: "memory", "cc", "x16", "x17");	/* of whoever leads far branches on */
	*faults += faulted;
	return node;
}

#endif /* POP_H */
