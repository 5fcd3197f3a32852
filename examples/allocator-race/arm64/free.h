/* SPDX-License-Identifier: MIT */
/*
 * Free: the check and the chained loads are one sequence.
 *
 *   start:
 *	if (map->revoked[region])
 *		return REVOKED
 *	link = map->entry[region]		no longer a slab's if revoked meanwhile
 *	while (link->up)
 *		link = link->up			each step may read what is no link any more
 *	bits = link->bitmap
 *	old = atomic_set_bit(object, bits)	the commit
 *   end:
 *	return old ? FREED_TWICE : FREED
 *
 * PREEMPTION restarts it.  It has no effect before the commit and overwrites no input,
 * so that is harmless; and whoever revokes and then fences knows that each thread has
 * either committed by then, or begins again with the check.
 *
 * The commit is one instruction, and a release, for whoever allocates the object next:
 * LDSETL where the compiler may count on the atomics of ARMv8.1 (LSE), else STLXR.  That
 * one may fail, and all is begun anew, by a jump from
 * outside; if the thread is interrupted right after it, it knows from `failed` whether it has
 * committed.
 *
 * FAULT restarts it, too: a region that is revoked between check and load has a size
 * where the link should be.  Then the check finds it revoked, and that is the end of it:
 * why the response may lie in its own span.  The walk ends with the chain.
 *
 *	map, region, bit	in, kept
 *	link, old, next		scratch
 */
#ifndef FREE_H
#define FREE_H

#include <estp/sequence.h>

#include "../pagemap.h"

#ifdef __ARM_FEATURE_ATOMICS
#define SET_BIT									\
		ESTP_COMMIT(free)						\
		"ldsetl	%x[bit], %x[old], [%x[link]]\n\t"			\
		ESTP_END(free)
#else
#define SET_BIT									\
		"ldxr	%x[old], [%x[link]]\n\t"				\
		"orr	%x[next], %x[old], %x[bit]\n\t"				\
		ESTP_COMMIT(free)						\
		"stlxr	%w[failed], %x[next], [%x[link]]\n\t"			\
		ESTP_END(free)							\
		"cbnz	%w[failed], " ESTP_LABEL(free, start) "\n\t"
#endif

static inline enum freed object_free(const struct pagemap *map, size_t region, uint64_t object)
{
	const uint64_t bit = (uint64_t)1 << object % OBJECTS;
	uintptr_t link, next, old;
	int failed;

	__asm__ volatile goto(
		ESTP_START(free)
		ESTP_WAIVE(free, ESTP_RULE_OWN_SPAN)
		ESTP_WAIVE(free, ESTP_RULE_LOOP)
		"ldarb	%w[next], [%x[revoked]]\n\t"
		"cbnz	%w[next], %l[is_revoked]\n\t"
		"ldr	%x[link], [%x[entry]]\n\t"
		ESTP_LABEL(free, walk) ":\n\t"
		"ldr	%x[next], [%x[link], %[up]]\n\t"
		"cmp	%x[next], #0\n\t"
		"csel	%x[link], %x[next], %x[link], ne\n\t"
		"b.ne	" ESTP_LABEL(free, walk) "\n\t"
		"ldr	%x[link], [%x[link], %[bitmap]]\n\t"
		SET_BIT
		ESTP_RESTART(free)
		ESTP_ON_FAULT(free, ESTP_LABEL(free, start), ESTP_SEGV)
		: [link] "=&r"(link), [next] "=&r"(next), [old] "=&r"(old), [failed] "=&r"(failed)
		: [revoked] "r"(&map->revoked[region]), [entry] "r"(&map->entry[region]),
		  [bit] "r"(bit), [up] "i"(offsetof(struct link, up)),
		  [bitmap] "i"(offsetof(struct link, bitmap))
		: "memory", "cc"
		: is_revoked);
	ESTP_OUTPUTS;
	return old & bit ? FREED_TWICE : FREED;
ESTP_RESPONSE(is_revoked);
	return REVOKED;
}

#undef SET_BIT

#endif /* FREE_H */
