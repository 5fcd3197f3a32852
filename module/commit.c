// SPDX-License-Identifier: GPL-2.0-only
/*
 * From finished pages to a changed set, all or nothing.
 *
 * Everything that can fail is done first: memory for the pages, for a larger index.
 * What follows are single-slot changes in short holds of set_lock.  Nothing can unmap the
 * pages in between: mmap_lock is held, and an unmapping that is still under way has
 * left the vma tree before we looked there.
 */
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "estp.h"
#include "commit.h"

#define DRAWS_MAX	8	/* indexes with a multiplier of their own, for one registration */

static struct estp_page *chained(const struct estp_page *page)
{
	return page->rcu[0];
}

void estp_batch_add(struct estp_batch *batch, struct estp_page *page)
{
	unsigned long old;

	page->rcu[0] = batch->page;
	batch->page = page;
	batch->bytes += estp_page_cost(estp_page_bytes(page));

	rcu_read_lock();
	old = estp_index_find(batch->space->set.index, page->key);
	if (old)
		batch->bytes -= estp_page_cost(estp_page_bytes(estp_slot_page(old)));
	rcu_read_unlock();
	if (old)
		return;
	batch->new_keys++;
	if (!estp_key_is_token(page->key))
		batch->new_pages++;
}

void estp_batch_discard(struct estp_batch *batch)
{
	while (batch->page) {
		struct estp_page *page = batch->page;

		batch->page = chained(page);
		estp_page_free(page);
		cond_resched();
	}
}

/* set_lock held. */
static u32 slots_wanted(const struct estp_batch *batch)
{
	const struct estp_set *set = &batch->space->set;

	u32 have = set->index->mask + 1, want = estp_set_slots(set, batch->new_keys);

	/* Much too large is replaced as well: fork copies it. */
	return estp_set_room(set, batch->new_keys) && have <= 4 * want ? have : want;
}

unsigned long estp_batch_find(const struct estp_batch *batch, u64 key)
{
	unsigned long slot;

	/* Other slots are passed on the way, and their pages may be going. */
	rcu_read_lock();
	slot = estp_index_find(batch->space->set.index, key);
	rcu_read_unlock();
	return slot;
}

bool estp_batch_over_limit(const struct estp_batch *batch)
{
	const struct estp_set *set = &batch->space->set;
	u64 pages, max = READ_ONCE(estp_max_bytes);
	s64 bytes;

	/* What the batch takes the place of may have been unmapped since: then it is less than nothing. */
	spin_lock(&batch->space->set_lock);
	pages = set->pages + batch->new_pages;
	bytes = set->bytes + batch->bytes + estp_page_cost(ESTP_INDEX_BYTES(slots_wanted(batch)));
	spin_unlock(&batch->space->set_lock);
	return pages > READ_ONCE(estp_max_pages) || (bytes > 0 && bytes > max);
}

/* Lets others have it, also where the kernel preempts nobody: who unmaps may spin for it, with preemption off. */
static void pause(spinlock_t *lock)
{
	spin_unlock(lock);
	cond_resched();
	spin_lock(lock);
}

/* Has each new key a place in @ix, the set's index or its next?  0, -EAGAIN or -ENOMEM. */
static int all_fit(const struct estp_batch *batch, const struct estp_index *ix)
{
	struct estp_space *space = batch->space;
	struct estp_page *page;
	u32 *taken = NULL, nr = 0;
	bool fits = true;

	if (batch->new_keys > 1) {
		taken = kvcalloc(BITS_TO_U32(ix->mask + 1), sizeof(u32), GFP_KERNEL_ACCOUNT);
		if (!taken)
			return -ENOMEM;
	}
	spin_lock(&space->set_lock);
	for (page = batch->page; page && fits; page = chained(page)) {
		fits = estp_index_find(space->set.index, page->key) || estp_index_fits(ix, page->key, taken);
		if (!(++nr % ESTP_SCAN_NR))
			pause(&space->set_lock);
	}
	spin_unlock(&space->set_lock);
	kvfree(taken);
	return fits ? 0 : -EAGAIN;
}

/* 0, or -EAGAIN: with this one's multiplier what is in the set does not do. */
static int fill_next(struct estp_space *space, struct estp_index *ix)
{
	struct estp_set *set = &space->set;
	int done = 0;
	u32 at;

	spin_lock(&space->set_lock);
	set->next = ix;
	for (at = 0; !done; at += ESTP_SCAN_NR) {
		done = estp_set_move(set, at, ESTP_SCAN_NR);
		if (!done)
			pause(&space->set_lock);
	}
	spin_unlock(&space->set_lock);
	return done > 0 ? 0 : -EAGAIN;
}

/* By one that holds the set and the batch; -EAGAIN: not with the multiplier that was drawn.  An error changes nothing. */
static int replace_index(const struct estp_batch *batch)
{
	struct estp_space *space = batch->space;
	struct estp_index *ix;
	u32 wanted;
	int err;

	/* Unmapping alone may come in between, which leaves more room. */
	spin_lock(&space->set_lock);
	wanted = slots_wanted(batch);
	spin_unlock(&space->set_lock);
	ix = estp_index_alloc(wanted);
	if (!ix)
		return -ENOMEM;
	err = fill_next(space, ix) ?: all_fit(batch, ix);
	spin_lock(&space->set_lock);
	if (err)
		space->set.next = NULL;
	else
		ix = estp_set_moved(&space->set);
	spin_unlock(&space->set_lock);
	if (err)
		kvfree(ix);		/* no reader has seen it */
	else
		estp_index_free(ix);
	return err;
}

/*
 * An index with a place for each key near its home.  Which multiplier does, nobody knows beforehand; that so many
 * do not is no chance any more.
 */
static int make_room(const struct estp_batch *batch)
{
	struct estp_space *space = batch->space;
	struct estp_set *set = &space->set;
	int draws, err = -EAGAIN;
	bool room;

	spin_lock(&space->set_lock);
	room = slots_wanted(batch) == set->index->mask + 1 && estp_set_room(set, batch->new_keys);
	spin_unlock(&space->set_lock);
	if (room)
		err = all_fit(batch, set->index);
	for (draws = 0; err == -EAGAIN && draws < DRAWS_MAX; draws++)
		err = replace_index(batch);
	return err == -EAGAIN ? -ENOMEM : err;
}

int estp_batch_commit(struct estp_batch *batch)
{
	struct estp_space *space = batch->space;
	int err = make_room(batch);
	u32 nr = 0;

	if (err)
		return err;
	spin_lock(&space->set_lock);
	while (batch->page) {
		struct estp_page *page = batch->page;

		batch->page = chained(page);
		page->refs = 1;
		estp_set_put(&space->set, page);
		if (!(++nr % ESTP_SCAN_NR))
			pause(&space->set_lock);
	}
	spin_unlock(&space->set_lock);
	return 0;
}

static u32 count_wide(const struct estp_item *item, u32 nr)
{
	u32 i, wide_nr = 0;

	for (i = 0; i < nr; i++) {
		wide_nr += !!item[i].wide;
		estp_relax(i);
	}
	return wide_nr;
}

struct estp_page *estp_page_make(u64 addr, const struct estp_item *item, u32 nr,
				 unsigned long old, u64 gen, u16 flags)
{
	struct estp_page *page;

	if (nr > ESTP_PAGE_ENTRY_MAX)
		return ERR_PTR(-ENOSPC);
	page = estp_page_alloc(ESTP_PAGE_BYTES(nr, count_wide(item, nr)));
	if (!page)
		return ERR_PTR(-ENOMEM);
	estp_page_build(page, addr, PAGE_SIZE, item, nr);
	page->birth = old ? estp_slot_page(old)->birth : gen;
	page->stamp = gen;
	page->flags = flags | (old ? estp_slot_page(old)->flags : 0);
	return page;
}

void estp_end_token(struct estp_space *space, u64 wide)
{
	if (!wide)
		return;
	spin_lock(&space->set_lock);
	estp_set_remove(&space->set, estp_token_key(wide));
	spin_unlock(&space->set_lock);
}

void estp_tell(unsigned long addr, const struct estp_reject *why)
{
	if (why->index == ESTP_IN_THE_HEADER)
		pr_debug_ratelimited("%s[%d]: %#lx refused: %s %#llx: %s\n", current->comm,
				     current->pid, addr, estp_field_text(why->field),
				     why->value, estp_reason_text(why->reason));
	else
		pr_debug_ratelimited("%s[%d]: %#lx refused: %u: %s %#llx: %s\n", current->comm,
				     current->pid, addr, why->index,
				     estp_field_text(why->field), why->value,
				     estp_reason_text(why->reason));
}
