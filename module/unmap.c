// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is unmapped leaves the set: its pages at once, in the notifier; what these leave behind
 * that serves nothing any more, by a sweep, some time after.
 */
#include <linux/mm.h>

#include "estp.h"

void estp_space_unmap(struct estp_space *space, unsigned long start, unsigned long end,
		      bool may_block)
{
	struct estp_step step = { 0 };
	bool changed = false, done;
	u32 moves = 0;
	u64 gen;

	do {
		spin_lock(&space->set_lock);
		/* A registration may have put a larger index in its place meanwhile. */
		if (moves != space->set.moves)
			step = (struct estp_step) { 0 };
		moves = space->set.moves;
		gen = space->set.gen;
		done = estp_set_unmap(&space->set, start, end, &step, ESTP_SCAN_NR);
		if (start < space->watch_end && end > space->watch_start)
			space->watch_hit = true;
		changed |= gen != space->set.gen;
		spin_unlock(&space->set_lock);
		if (may_block)
			cond_resched();
	} while (!done);
	if (changed)
		estp_mm_settle(space->of);
}

/*
 * register_mutex and, as for any change of the set, mmap_lock are held: fork may be
 * copying it.
 */
void estp_space_sweep(struct estp_space *space)
{
	u64 changes = READ_ONCE(space->set.changes);
	struct estp_step step = { 0 };
	bool done;

	/* Nothing has changed since the last one, nor could it find anything new. */
	if (changes == space->swept)
		return;
	do {
		spin_lock(&space->set_lock);
		done = estp_set_sweep(&space->set, &step, ESTP_SCAN_NR);
		spin_unlock(&space->set_lock);
		cond_resched();
	} while (!done);
	space->swept = changes;
}

/* register_mutex held.  False if mmap_lock is busy: then nothing was swept. */
bool estp_space_try_sweep(struct estp_space *space)
{
	if (!mmap_read_trylock(space->mm))
		return false;
	estp_space_sweep(space);
	mmap_read_unlock(space->mm);
	return true;
}

bool estp_space_has_code(struct estp_space *space)
{
	bool has;

	spin_lock(&space->set_lock);
	has = space->set.code_pages;
	spin_unlock(&space->set_lock);
	return has;
}
