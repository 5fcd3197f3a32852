// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The registered pages of one address space.
 *
 * Writers are serialised by the host and change one slot at a time; each such change
 * is complete in itself.  Readers are in match.c.
 */
#include "core.h"

/* No page and no token has this key: it is odd, and far past the last token. */
static struct estp_page tombstone = { .key = ~0ull };

#define TOMBSTONE	((unsigned long)&tombstone)

struct estp_page *estp_tombstone(void)
{
	return &tombstone;
}

/* ---- One index ---------------------------------------------------------------- */

static u32 filter_words(u32 slots)
{
	return (slots << ESTP_FILTER_SHIFT) / 32;
}

/* Everything but the slots and the filter. */
static void index_head(struct estp_index *ix, u32 slots, u32 page_size)
{
	u32 bits = 0;

	while (1u << bits < slots)
		bits++;
	ix->shift = 64 - bits - ESTP_FILTER_SHIFT;
	ix->mask = slots - 1;
	ix->page_size = page_size;
	ix->slot = (unsigned long *)(ix->filter + filter_words(slots));
}

void estp_index_init(struct estp_index *ix, u32 slots, u32 page_size)
{
	u32 i;

	index_head(ix, slots, page_size);
	ix->lo = ~0ull;
	ix->len = 0;
	ix->mult = ESTP_INDEX_MULT;
	ix->used = 0;
	for (i = 0; i < filter_words(slots); i++) {
		ix->filter[i] = 0;
		estp_relax(i);
	}
	for (i = 0; i < slots; i++) {
		ix->slot[i] = 0;
		estp_relax(i);
	}
}

static unsigned long *find_slot(struct estp_index *ix, u64 key)
{
	u32 i = estp_index_home(ix, key);

	for (; ix->slot[i & ix->mask]; i++)
		if (estp_slot_page(ix->slot[i & ix->mask])->key == key)
			return &ix->slot[i & ix->mask];
	return NULL;
}

static unsigned long *free_slot(struct estp_index *ix, u64 key)
{
	u32 i = estp_index_home(ix, key);

	while (ix->slot[i & ix->mask] && ix->slot[i & ix->mask] != TOMBSTONE)
		i++;
	return &ix->slot[i & ix->mask];
}

/* In this order: see struct estp_index. */
static void widen(struct estp_index *ix, u64 key)
{
	u64 hi = key + ix->page_size;

	if (ix->len && ix->lo + ix->len > hi)
		hi = ix->lo + ix->len;
	if (key < ix->lo) {
		estp_store(&ix->len, hi - key);
		estp_publish(&ix->lo, key);
	} else {
		estp_store(&ix->len, hi - ix->lo);
	}
}

static void insert(struct estp_index *ix, unsigned long value)
{
	u64 key = estp_slot_page(value)->key, bit = estp_filter_bit(ix, key);
	unsigned long *slot = free_slot(ix, key);

	ix->used++;
	if (!estp_key_is_token(key)) {
		widen(ix, key);
		estp_store(&ix->filter[bit / 32], ix->filter[bit / 32] | 1u << bit % 32);
	}
	estp_publish(slot, value);
}

/* ---- The set -------------------------------------------------------------------- */

void estp_set_init(struct estp_set *set, struct estp_index *ix)
{
	*set = (struct estp_set) { .index = ix };
}

static u64 keys(const struct estp_set *set)
{
	return set->pages + set->tokens;
}

u32 estp_set_slots(const struct estp_set *set, u64 more)
{
	u32 slots = ESTP_INDEX_SLOT_MIN;

	/* The least fill, 9/32 of 9 bytes each, is what SPEC MEM-1 has room for. */
	while (9ull * slots < 16 * (keys(set) + more) && slots < 1u << 28)
		slots *= 2;
	return slots;
}

bool estp_set_room(const struct estp_set *set, u64 more)
{
	return 8 * (set->index->used + more) <= 5 * ((u64)set->index->mask + 1);
}

static bool counts_as_code(unsigned long slot)
{
	return !(slot & ESTP_SLOT_VOID) && !estp_key_is_token(estp_slot_page(slot)->key) &&
	       estp_page_entries(estp_slot_page(slot));
}

static void account(struct estp_set *set, unsigned long slot, int sign)
{
	const struct estp_page *page = estp_slot_page(slot);

	if (estp_key_is_token(page->key))
		set->tokens += sign;
	else
		set->pages += sign;
	set->code_pages += counts_as_code(slot) ? sign : 0;
	set->bytes += sign * (s64)estp_page_cost(estp_page_bytes(page));
}

/*
 * Free a slot.  Where the next one is 0, no look-up that passes this one goes on beyond:
 * then it need not be a tombstone, nor need those just before it.
 */
static void clear_slot(struct estp_index *ix, unsigned long *slot)
{
	u32 i = slot - ix->slot;

	estp_publish(slot, TOMBSTONE);
	if (ix->slot[(i + 1) & ix->mask])
		return;
	for (; ix->slot[i & ix->mask] == TOMBSTONE; i--)
		estp_publish(&ix->slot[i & ix->mask], 0ul);
}

/* Change a slot that is in use, in the index and in the one being filled. */
static void change(struct estp_set *set, u64 key, unsigned long value)
{
	unsigned long *slot = find_slot(set->index, key);

	estp_publish(slot, value);
	slot = set->next ? find_slot(set->next, key) : NULL;
	if (slot)
		estp_publish(slot, value);
}

bool estp_set_move(struct estp_set *set, u32 from, u32 nr)
{
	const struct estp_index *ix = set->index;

	for (; from <= ix->mask && nr; from++, nr--)
		if (ix->slot[from] && ix->slot[from] != TOMBSTONE)
			insert(set->next, ix->slot[from]);
	return from > ix->mask;
}

struct estp_index *estp_set_moved(struct estp_set *set)
{
	struct estp_index *old = set->index;

	estp_publish(&set->index, set->next);
	set->moves++;
	set->next = NULL;
	return old;
}

/* After the fact: who kept an answer under the number of before asks again. */
static void changed(struct estp_set *set)
{
	estp_publish(&set->changes, set->changes + 1);
}

void estp_set_put(struct estp_set *set, struct estp_page *page)
{
	unsigned long *slot = find_slot(set->index, page->key);
	struct estp_page *old;

	account(set, (unsigned long)page, 1);
	if (!slot) {
		insert(set->index, (unsigned long)page);
		changed(set);
		return;
	}
	old = estp_slot_page(*slot);
	account(set, *slot, -1);
	change(set, page->key, (unsigned long)page);
	changed(set);
	estp_page_drop(old);
}

bool estp_set_remove(struct estp_set *set, u64 key)
{
	unsigned long *slot = find_slot(set->index, key);
	struct estp_page *page;

	if (!slot)
		return false;
	page = estp_slot_page(*slot);
	account(set, *slot, -1);
	clear_slot(set->index, slot);
	slot = set->next ? find_slot(set->next, key) : NULL;
	if (slot)
		clear_slot(set->next, slot);
	changed(set);
	if (!estp_key_is_token(key))
		set->gen++;
	estp_page_drop(page);
	return true;
}

/*
 * Stepping through pages and their entries: each costs one of *@nr, and an entry one more for each
 * page of its response that is looked for. At least one is done in each step, so that any step
 * comes to an end.
 */
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

	if (!counts_as_code(slot))
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
	account(set, slot, -1);
	account(set, slot | ESTP_SLOT_VOID, 1);
	change(set, page->key, slot | ESTP_SLOT_VOID);
	changed(set);
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
		change(set, key, estp_index_find(ix, key) | ESTP_SLOT_WANTED);
}

static bool mark_responses(struct estp_set *set, unsigned long slot, struct estp_step *step,
			   u32 *nr)
{
	const struct estp_page *page = estp_slot_page(slot);

	while (counts_as_code(slot) && step->entry < estp_page_entries(page)) {
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

	if (estp_key_is_token(page->key))
		return true;
	while (counts_as_code(slot) && step->entry < estp_page_entries(page)) {
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
	if (kept == slot)
		return true;
	account(set, slot, -1);
	account(set, kept, 1);
	change(set, page->key, kept);
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
		if (!slot || slot == TOMBSTONE)
			continue;
		if (!(step->slot < slots ? mark_responses : sweep_page)(set, slot, step, &nr))
			return false;
	}
	return true;
}

/* ---- Fork ------------------------------------------------------------------------- */

void estp_set_copy(struct estp_set *to, const struct estp_set *from, struct estp_index *ix)
{
	const struct estp_index *src = from->index;
	u32 i, slots = src->mask + 1;
	const unsigned long *src_slot;
	unsigned long *slot_of;

	*to = *from;
	to->index = ix;
	to->next = NULL;
	index_head(ix, slots, src->page_size);
	ix->lo = src->lo;
	ix->len = src->len;
	ix->mult = src->mult;
	ix->used = src->used;
	src_slot = src->slot;
	slot_of = ix->slot;
	for (i = 0; i < filter_words(slots); i++) {
		ix->filter[i] = src->filter[i];
		estp_relax(i);
	}
	for (i = 0; i < slots; i++) {
		unsigned long slot = src_slot[i];

		estp_relax(i);
		if (!slot) {
			slot_of[i] = 0;
			continue;
		}
		slot &= ~ESTP_SLOT_WANTED;
		slot_of[i] = slot;
		if (slot != TOMBSTONE)
			estp_hold(&estp_slot_page(slot)->refs);
	}
}
