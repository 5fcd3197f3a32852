// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * Going through many pages of a set in steps: of a range that is unmapped or unregistered,
 * or of all, to sweep.  Between two steps the host may let others run.
 *
 * What is looked at is paid for: a slot, with the page in it, costs one of a step's
 * number, an entry that is looked at or ended another, and one more for each page of its
 * response that is looked for.  At least one is done in each step, so that any step comes
 * to an end.
 */
#include "set.h"

static bool spend(u32 *nr, u32 cost)
{
	if (!*nr)
		return false;
	*nr -= cost < *nr ? cost : *nr;
	return true;
}

static u32 cost_of(const struct estp_index *ix, const struct estp_page *page, u32 i)
{
	u64 first, last;

	if (!(page->code[i].bits & ESTP_CODE_FAR))
		return 1;
	first = estp_response_pages(ix, page, i, &last);
	return 2 + (u32)((last - first) / ix->page_size);
}

/* Wide entries that reach onto this page end on all others, too.  They count from @first. */
static bool end_wide(struct estp_set *set, const struct estp_page *page, struct estp_step *step,
		     u32 first, u32 *nr)
{
	while (step->entry - first < page->wide_nr) {
		u32 k = step->entry++ - first;

		estp_set_remove(set, estp_token_key(estp_page_token(page, k)));
		if (!spend(nr, 1))
			return false;
	}
	return true;
}

static bool unmap_page(struct estp_set *set, unsigned long slot, struct estp_step *step, u32 *nr,
		       bool *found)
{
	(void)found;
	if (!end_wide(set, estp_slot_page(slot), step, 0, nr))
		return false;
	estp_set_remove(set, estp_slot_page(slot)->key);
	return true;
}

/* First it is found out whether there were any, then the wide ones are ended. */
static bool unregister_page(struct estp_set *set, unsigned long slot, struct estp_step *step,
			    u32 *nr, bool *found)
{
	struct estp_page *page = estp_slot_page(slot);
	u32 entries = estp_page_entries(page);

	if (!estp_slot_is_code(slot))
		return true;
	while (!*found && step->entry < entries) {
		u32 i = step->entry++;

		*found = estp_set_alive(set->index, page, i);
		if (!spend(nr, cost_of(set->index, page, i)))
			return false;
	}
	if (step->entry < entries)
		step->entry = entries;
	if (!end_wide(set, page, step, entries, nr))
		return false;
	if (!(page->flags & ESTP_PAGE_RESPONSES)) {
		estp_set_remove(set, page->key);
		return true;
	}
	estp_set_retag(set, slot, slot | ESTP_SLOT_VOID);
	estp_set_changed(set);
	return true;
}

/* The page's slot, if it is in the range; which one that is, is counted from 0. */
static unsigned long page_of_range(const struct estp_index *ix, u64 start, u64 end, bool by_key,
				   u32 i)
{
	unsigned long slot;
	u64 key;

	if (by_key)
		return estp_index_find(ix, start + (u64)i * ix->page_size);
	slot = ix->slot[i];
	key = slot ? estp_slot_page(slot)->key : ~0ull;
	return !estp_key_is_token(key) && key >= start && key < end ? slot : 0;
}

static bool for_range(struct estp_set *set, u64 start, u64 end, struct estp_step *step, u32 nr,
		      bool *found,
		      bool (*act)(struct estp_set *set, unsigned long slot, struct estp_step *step,
				  u32 *nr, bool *found))
{
	const struct estp_index *ix = set->index;
	u64 pages = (end - start) / ix->page_size;
	bool by_key = pages <= nr;
	u32 last = by_key ? pages : ix->mask + 1;

	if (end <= ix->lo || start >= ix->lo + ix->len)
		return true;
	for (; step->slot < last; step->slot++, step->entry = 0) {
		unsigned long slot;

		if (!spend(&nr, 1))
			return false;
		slot = page_of_range(ix, start, end, by_key, step->slot);
		if (slot && !act(set, slot, step, &nr, found))
			return false;
	}
	return true;
}

bool estp_set_unmap(struct estp_set *set, u64 start, u64 end, struct estp_step *step, u32 nr)
{
	return for_range(set, start, end, step, nr, NULL, unmap_page);
}

bool estp_set_unregister(struct estp_set *set, u64 start, u64 end, struct estp_step *step, u32 nr,
			 bool *found)
{
	return for_range(set, start, end, step, nr, found, unregister_page);
}

/* ---- Sweeping ------------------------------------------------------------------- */

static void mark_response(struct estp_set *set, const struct estp_page *page, u32 i)
{
	const struct estp_index *ix = set->index;
	u64 key, last;

	if (!(page->code[i].bits & ESTP_CODE_FAR) || !estp_set_alive(ix, page, i))
		return;
	key = estp_response_pages(ix, page, i, &last);
	for (; key <= last; key += ix->page_size)
		estp_set_change(set, key, estp_index_find(ix, key) | ESTP_SLOT_WANTED);
}

static bool mark_responses(struct estp_set *set, unsigned long slot, struct estp_step *step,
			   u32 *nr)
{
	const struct estp_page *page = estp_slot_page(slot);

	while (estp_slot_is_code(slot) && step->entry < estp_page_entries(page)) {
		u32 i = step->entry++;

		mark_response(set, page, i);
		if (!spend(nr, cost_of(set->index, page, i)))
			return false;
	}
	return true;
}

static bool sweep_page(struct estp_set *set, unsigned long slot, struct estp_step *step, u32 *nr)
{
	struct estp_page *page = estp_slot_page(slot);
	unsigned long kept = slot & ~ESTP_SLOT_WANTED;

	while (estp_slot_is_code(slot) && step->entry < estp_page_entries(page)) {
		u32 i = step->entry++;

		if (estp_set_alive(set->index, page, i))
			step->any = true;
		else if (page->code[i].bits & ESTP_CODE_WIDE)
			estp_set_remove(set, estp_token_key(estp_page_wide(page, i)));
		if (!spend(nr, cost_of(set->index, page, i)))
			return false;
	}
	if (!step->any && !(slot & ESTP_SLOT_WANTED)) {
		estp_set_remove(set, page->key);
		return true;
	}
	if (!step->any)
		kept |= ESTP_SLOT_VOID;
	if (kept != slot)
		estp_set_retag(set, slot, kept);
	return true;
}

bool estp_set_sweep(struct estp_set *set, struct estp_step *step, u32 nr)
{
	const struct estp_index *ix = set->index;
	u32 slots = ix->mask + 1;

	for (; step->slot < 2 * slots; step->slot++, step->entry = 0, step->any = false) {
		unsigned long slot;

		if (!spend(&nr, 1))
			return false;
		slot = ix->slot[step->slot & ix->mask];
		/* Tokens are looked for by who has them; the tombstone's key is like theirs. */
		if (!slot || estp_key_is_token(estp_slot_page(slot)->key))
			continue;
		if (!(step->slot < slots ? mark_responses : sweep_page)(set, slot, step, &nr))
			return false;
	}
	return true;
}
