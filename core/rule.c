// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Nothing masked may leak through a response.
 *
 *   INTERRUPT   |-------- masks rcx --------|
 *   PREEMPTION        |-----|  response ---> must lie where an INTERRUPT span wins
 *                                            that masks rcx, too
 *
 * Otherwise a preemption inside the box would carry rcx to code from which the next
 * signal shows it.  For each PREEMPTION or FAULT span the union of all masks that it
 * meets is wanted.  With those spans taken by rising end, INTERRUPT spans that start
 * before that end are let in one after the other, and for each mask bit only the
 * furthest end so far matters: the span meets one with that bit if and only if that
 * end lies past its start.
 */
#include "core.h"

#define PKEY_BIT	32	/* beside the 32 bits of the clear mask */
#define BIT_NR		33

static u64 what_it_clears(const struct estp_sequence *seq)
{
	return seq->clear_mask | (seq->flags & ESTP_ENTRY_RESET_PKEY ? 1ull << PKEY_BIT : 0);
}

static u64 seq_end(const struct estp_sequence *seq)
{
	return seq->start + seq->length;
}

struct by_end {
	const struct estp_item *item;
	u32 *index;
};

static bool ends_before(const void *base, u32 a, u32 b)
{
	const struct by_end *x = base;

	return seq_end(&x->item[x->index[a]].seq) < seq_end(&x->item[x->index[b]].seq);
}

static void swap_index(void *base, u32 a, u32 b)
{
	const struct by_end *x = base;
	u32 tmp = x->index[a];

	x->index[a] = x->index[b];
	x->index[b] = tmp;
}

/* What the INTERRUPT span that wins at an address clears; 0 if there is none. */
static u64 cleared_at(const struct estp_item *box, const u64 *reach, u32 nr, u64 addr)
{
	u32 lo = 0, hi = nr;

	/* As in estp_match(): the first whose reach exceeds addr, if it has begun. */
	while (lo < hi) {
		u32 mid = lo + (hi - lo) / 2;

		if (reach[mid] > addr)
			hi = mid;
		else
			lo = mid + 1;
	}
	return lo < nr && box[lo].seq.start <= addr ? what_it_clears(&box[lo].seq) : 0;
}

bool estp_rule_check(const struct estp_item *item, u32 nr, void *scratch, u32 *offender)
{
	u64 furthest[BIT_NR] = { 0 }, *reach = scratch, any = 0;
	u32 *index = (u32 *)(reach + nr);
	const struct by_end by_end = { .item = item, .index = index };
	const struct estp_heap heap = {
		.base = (void *)&by_end, .before = ends_before, .exchange = swap_index,
	};
	const struct estp_item *box;
	u32 box_nr = 0, other_nr = 0, first_box = nr, in = 0, i, bit;

	/* Match order has all INTERRUPT sequences in one piece, by rising start. */
	for (i = 0; i < nr; i++) {
		estp_relax(i);
		if (item[i].seq.selector != ESTP_INTERRUPT) {
			index[other_nr++] = i;
			continue;
		}
		if (!box_nr)
			first_box = i;
		reach[box_nr] = seq_end(&item[i].seq);
		if (box_nr && reach[box_nr] < reach[box_nr - 1])
			reach[box_nr] = reach[box_nr - 1];
		box_nr++;
		any |= what_it_clears(&item[i].seq);
	}
	if (!any || !other_nr)
		return true;

	box = item + first_box;
	estp_heap_sort(&heap, other_nr);
	for (i = 0; i < other_nr; i++) {
		const struct estp_sequence *seq = &item[index[i]].seq;
		u64 met = 0;

		for (; in < box_nr && box[in].seq.start < seq_end(seq); in++) {
			estp_relax(in);
			for (bit = 0; bit < BIT_NR; bit++)
				if (what_it_clears(&box[in].seq) >> bit & 1 &&
				    furthest[bit] < seq_end(&box[in].seq))
					furthest[bit] = seq_end(&box[in].seq);
		}
		for (bit = 0; bit < BIT_NR; bit++)
			if (furthest[bit] > seq->start)
				met |= 1ull << bit;
		estp_relax(i);
		if (met & ~cleared_at(box, reach, box_nr, seq->response)) {
			*offender = index[i];
			return false;
		}
	}
	return true;
}
