// SPDX-License-Identifier: GPL-2.0-only OR MIT
/*
 * The registered pages of one address space.
 *
 * Writers are serialised by the host and change one slot at a time; each such change
 * is complete in itself.  Readers are in match.c, what goes through many pages in step.c.
 */
#include "set.h"

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
	u32 i = estp_index_home(ix, key), end = i + ESTP_PROBES;

	for (; i != end && ix->slot[i & ix->mask]; i++)
		if (estp_slot_page(ix->slot[i & ix->mask])->key == key)
			return &ix->slot[i & ix->mask];
	return NULL;
}

static bool is_taken(const u32 *taken, u32 i)
{
	return taken && taken[i / 32] >> i % 32 & 1;
}

/*
 * A place for a key, the number of a slot; -1: none near enough to its home.  Slots that it passes are taken as well:
 * where one is free in the end, because of a removal meanwhile, this key is put there, and no other one may have been
 * promised it.
 */
static s64 free_slot(const struct estp_index *ix, u64 key, u32 *taken)
{
	u32 i = estp_index_home(ix, key), end = i + ESTP_PROBES;

	for (; i != end; i++) {
		u32 at = i & ix->mask;

		if ((!ix->slot[at] || ix->slot[at] == TOMBSTONE) && !is_taken(taken, at))
			return at;
		if (taken)
			taken[at / 32] |= 1u << at % 32;
	}
	return -1;
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

static bool insert(struct estp_index *ix, unsigned long value)
{
	u64 key = estp_slot_page(value)->key, bit = estp_filter_bit(ix, key);
	s64 slot = free_slot(ix, key, NULL);

	if (slot < 0)
		return false;
	ix->used++;
	if (!estp_key_is_token(key)) {
		widen(ix, key);
		estp_store(&ix->filter[bit / 32], ix->filter[bit / 32] | 1u << bit % 32);
	}
	estp_publish(&ix->slot[slot], value);
	return true;
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

bool estp_index_fits(const struct estp_index *ix, u64 key, u32 *taken)
{
	s64 slot = free_slot(ix, key, taken);

	if (slot >= 0 && taken)
		taken[slot / 32] |= 1u << slot % 32;
	return slot >= 0;
}

bool estp_slot_is_code(unsigned long slot)
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
	set->code_pages += estp_slot_is_code(slot) ? sign : 0;
	set->bytes += sign * (s64)estp_page_cost(estp_page_bytes(page));
}

/*
 * Free a slot.  Where the next one is 0, no look-up that passes this one goes on beyond:
 * then it need not be a tombstone, nor need those just before it.
 */
static void clear_slot(struct estp_index *ix, unsigned long *slot)
{
	u32 i = slot - ix->slot, end = i - ESTP_PROBES;

	estp_publish(slot, TOMBSTONE);
	if (ix->slot[(i + 1) & ix->mask])
		return;
	/* Not as far as it goes: this is one step of who holds the lock. */
	for (; i != end && ix->slot[i & ix->mask] == TOMBSTONE; i--)
		estp_publish(&ix->slot[i & ix->mask], 0ul);
}

void estp_set_change(struct estp_set *set, u64 key, unsigned long value)
{
	unsigned long *slot = find_slot(set->index, key);

	estp_publish(slot, value);
	slot = set->next ? find_slot(set->next, key) : NULL;
	if (slot)
		estp_publish(slot, value);
}

int estp_set_move(struct estp_set *set, u32 from, u32 nr)
{
	const struct estp_index *ix = set->index;

	for (; from <= ix->mask && nr; from++, nr--) {
		if (!ix->slot[from] || ix->slot[from] == TOMBSTONE || insert(set->next, ix->slot[from]))
			continue;
		set->next = NULL;
		return -1;
	}
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

void estp_set_retag(struct estp_set *set, unsigned long slot, unsigned long value)
{
	account(set, slot, -1);
	account(set, value, 1);
	estp_set_change(set, estp_slot_page(slot)->key, value);
}

void estp_set_put(struct estp_set *set, struct estp_page *page)
{
	unsigned long *slot = find_slot(set->index, page->key);
	struct estp_page *old;

	if (!slot) {
		/* Asked for before: see estp_index_fits(). */
		if (!insert(set->index, (unsigned long)page)) {
			estp_page_drop(page);
			return;
		}
		account(set, (unsigned long)page, 1);
		estp_set_changed(set);
		return;
	}
	account(set, (unsigned long)page, 1);
	old = estp_slot_page(*slot);
	account(set, *slot, -1);
	estp_set_change(set, page->key, (unsigned long)page);
	estp_set_changed(set);
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
	estp_set_changed(set);
	/* After the slot, also for who asks without the lock: see estp_set_gen(). */
	if (!estp_key_is_token(key))
		estp_publish(&set->gen, set->gen + 1);
	estp_page_drop(page);
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
