/* SPDX-License-Identifier: MIT */
/*
 * Load through A, on condition that B permits it: which is asked only if the load fails.
 *
 *   start:
 *	word = *a			the load
 *   end:
 *	return LOADED, word
 *   response:
 *	if (b->state == REVOKED)
 *		return REVOKED_MEANWHILE		jump out
 *	if (b->state == LAPSED)
 *		word = 0, go on at end			resume after the load
 *	word = *a, go on at end				commit to the fault
 *
 * FAULT, of memory only.  The last is a copy of the load without a guard: if it cannot be
 * done, though B permits it, the fault was nobody's doing but the program's, and is a
 * SIGSEGV like any other.
 *
 *	a, b			in, kept
 *	word			out; the state, in the response
 */
#ifndef LOAD_H
#define LOAD_H

#include <stdint.h>

#include <estp/sequence.h>

#include "../../tracer.h"
#include "../grant.h"

/* For the tracer, and for who looks at a crash. */
extern const char guarded_load[] NAMED, committed_load[] NAMED, blind_load[] NAMED;

ONE_COPY
static enum loaded load_if_permitted(const uint64_t *a, const struct grant *b, uint64_t *value)
{
	enum loaded status = LOADED;
	uint64_t word;

	__asm__ volatile(
		ESTP_START(load)
		"guarded_load:	ldr	%x[word], [%x[a]]\n\t"
		ESTP_END(load)
		ESTP_ON_FAULT(load, ESTP_LABEL(load, response), ESTP_MEMORY)
		ESTP_COLD_BEGIN
		ESTP_LABEL(load, response) ":\n\t"
		"ldr	%w[word], %[state]\n\t"
		"cmp	%w[word], %[revoked]\n\t"
		"b.eq	" ESTP_LABEL(load, leave) "\n\t"
		"cmp	%w[word], %[lapsed]\n\t"
		"b.eq	" ESTP_LABEL(load, resume) "\n\t"
		"committed_load: ldr	%x[word], [%x[a]]\n\t"
		"b	" ESTP_LABEL(load, end) "\n\t"
		ESTP_LABEL(load, resume) ":\n\t"
		"mov	%x[word], #0\n\t"
		"b	" ESTP_LABEL(load, end) "\n\t"
		ESTP_LABEL(load, leave) ":\n\t"
		"mov	%w[status], %[meanwhile]\n\t"
		"b	" ESTP_LABEL(load, end) "\n\t"
		ESTP_COLD_END
		: [word] "=&r"(word), [status] "+r"(status)
		: [a] "r"(a), [state] "m"(b->state), [revoked] "i"(REVOKED), [lapsed] "i"(LAPSED),
		  [meanwhile] "i"(REVOKED_MEANWHILE)
		: "memory", "cc", "x16", "x17");	/* of whoever leads far branches on */
	if (status == LOADED)
		*value = word;
	return status;
}

/* What not to do: whatever fails reads as 0. */
ONE_COPY
static enum loaded load_blindly(const uint64_t *a, const struct grant *b, uint64_t *value)
{
	uint64_t word;

	(void)b;
	__asm__ volatile(
		ESTP_START(load)
		"blind_load:	ldr	%x[word], [%x[a]]\n\t"
		ESTP_END(load)
		ESTP_ON_FAULT(load, ESTP_LABEL(load, response), ESTP_MEMORY)
		ESTP_COLD_BEGIN
		ESTP_LABEL(load, response) ":\n\t"
		"mov	%x[word], #0\n\t"
		"b	" ESTP_LABEL(load, end) "\n\t"
		ESTP_COLD_END
		: [word] "=&r"(word)
		: [a] "r"(a)
		: "memory", "cc", "x16", "x17");	/* of whoever leads far branches on */
	*value = word;
	return LOADED;
}

#endif /* LOAD_H */
