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
 * FAULT restarts it, too: a region that is revoked between check and load has a size
 * where the link should be.  Then the check finds it revoked, and that is the end of it:
 * so the response may lie in the span.  The loop is as short as the chain is deep.
 *
 *	map, region, object	in, kept
 *	link, next		scratch
 */
#ifndef FREE_H
#define FREE_H

#include <estp/sequence.h>

#include "../pagemap.h"

static inline enum freed object_free(const struct pagemap *map, size_t region, uint64_t object)
{
	uintptr_t link, next;

	__asm__ volatile goto(
		ESTP_START(free)
		ESTP_WAIVE(free, ESTP_RULE_OWN_SPAN)
		ESTP_WAIVE(free, ESTP_RULE_LOOP)
		"cmpb	$0, %c[revoked](%[map], %[region])\n\t"
		"jne	%l[is_revoked]\n\t"
		"movq	%c[entry](%[map], %[region], 8), %[link]\n\t"
		ESTP_LABEL(free, walk) ":\n\t"
		"movq	%c[up](%[link]), %[next]\n\t"
		"testq	%[next], %[next]\n\t"
		"cmovnzq %[next], %[link]\n\t"
		"jnz	" ESTP_LABEL(free, walk) "\n\t"
		"movq	%c[bitmap](%[link]), %[link]\n\t"
		ESTP_COMMIT(free)
		"lock btsq %[object], (%[link])\n\t"
		ESTP_END(free)
		ESTP_RESTART(free)
		ESTP_ON_FAULT(free, ESTP_LABEL(free, start), ESTP_SEGV)
		"jc	%l[is_twice]\n\t"
		: [link] "=&r"(link), [next] "=&r"(next)
		: [map] "r"(map), [region] "r"(region), [object] "r"(object % OBJECTS),
		  [revoked] "i"(offsetof(struct pagemap, revoked)),
		  [entry] "i"(offsetof(struct pagemap, entry)),
		  [up] "i"(offsetof(struct link, up)),
		  [bitmap] "i"(offsetof(struct link, bitmap))
		: "memory", "cc"
		: is_revoked, is_twice);
	return FREED;
is_revoked:
	return REVOKED;
is_twice:
	return FREED_TWICE;
}

#endif /* FREE_H */
