// SPDX-License-Identifier: GPL-2.0-only
/*
 * What an address space has registered: from the first registration until nothing is in force.
 *
 *   made          by the first registration, or by fork from the parent's (fork.c)
 *   taken down    a moment after something went, if nothing is left in force by then; by the last
 *                 task to leave it in exec or exit.  Found by nobody any more; its threads detach
 *                 themselves; freed when the last has
 */
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "estp.h"
#include "compat/compat.h"

static atomic_t space_nr = ATOMIC_INIT(0);

bool estp_spaces_exist(void)
{
	return atomic_read(&space_nr);
}

/* ---- The end ---------------------------------------------------------------------- */

static void free_pages_of(struct estp_index *ix, u32 from, u32 to)
{
	const struct estp_page *tombstone = estp_tombstone();

	for (; from < to; from++) {
		struct estp_page *page = estp_slot_page(ix->slot[from]);

		if (page && page != tombstone)
			estp_page_drop(page);
	}
}

static void free_space(struct estp_space *space)
{
	struct estp_index *ix = space->set.index;

	/* The next one may have waited for this. */
	if (atomic_dec_return(&space->of->spaces))
		estp_mm_settle(space->of);
	estp_mm_put(space->of);
	kvfree(ix);
	kfree(space);
	if (atomic_dec_and_test(&space_nr))
		estp_preempt_unwatch();
}

static void free_work(struct work_struct *work)
{
	struct estp_space *space = container_of(work, struct estp_space, free);
	struct estp_index *ix = space->set.index;
	u32 at;

	for (at = 0; at <= ix->mask; at += ESTP_SCAN_NR) {
		free_pages_of(ix, at, min(at + ESTP_SCAN_NR, ix->mask + 1));
		cond_resched();
	}
	free_space(space);
}

static void free_rcu(struct rcu_head *rcu)
{
	struct estp_space *space = container_of(rcu, struct estp_space, rcu);
	struct estp_index *ix = space->set.index;

	/* Softirq: waking a worker would cost more than a small set. */
	if (ix->mask >= ESTP_SCAN_NR) {
		queue_work(estp_wq, &space->free);
		return;
	}
	free_pages_of(ix, 0, ix->mask + 1);
	free_space(space);
}

/* Any context: the last thread may leave in its exit, with preemption off. */
void estp_space_put(struct estp_space *space)
{
	if (refcount_dec_and_test(&space->refs))
		call_rcu(&space->rcu, free_rcu);
}

/* Is something in force?  If that cannot be said now, it is asked again later. */
static bool in_force(struct estp_space *space)
{
	if (READ_ONCE(space->of->released))
		return false;
	if (!estp_space_try_sweep(space)) {
		estp_mm_settle(space->of);
		return true;
	}
	return estp_space_has_code(space);
}

/*
 * Threads that sleep stay with a space that was taken down, and keep it.  A next one waits for that, or
 * whoever registers and unregisters beside a sleeping thread would leave one more behind each time.
 */
static bool waits_for_earlier(const struct estp_space *space)
{
	return atomic_read(&space->of->spaces) > 1 && !READ_ONCE(space->of->released);
}

void estp_space_try_take_down(struct estp_space *space)
{
	/* Who has it may wait for user memory for as long as somebody likes. */
	if (!mutex_trylock(&space->register_mutex)) {
		estp_mm_settle(space->of);
		return;
	}
	if (space->dead || in_force(space) || waits_for_earlier(space)) {
		mutex_unlock(&space->register_mutex);
		return;
	}
	/*
	 * Its place stays taken until its threads are off the lists: another space's attachment would put
	 * theirs aside, and the task would go without having unlisted them.
	 */
	estp_space_kill(space);
	estp_threads_release(space);
	estp_space_unpublish(space);
	mutex_unlock(&space->register_mutex);
	/* Else the look that the end has queued finds no space. */
	if (READ_ONCE(space->of->released))
		estp_mm_end(space->of);
	estp_space_put(space);
}

/* In a task that has left the address space for good, and may sleep. */
static void reap(struct callback_head *work)
{
	struct estp_space *space = container_of(work, struct estp_space, reap);

	estp_space_try_take_down(space);
	estp_space_put(space);
	module_put(THIS_MODULE);
}

void estp_space_reap(struct estp_space *space)
{
	/* Several tasks may be between letting go of the mm and their end. */
	if (atomic_xchg(&space->reaped, 1))
		return;
	__module_get(THIS_MODULE);	/* the caller's thread has one */
	refcount_inc(&space->refs);
	if (task_work_add(current, &space->reap, ESTP_TWA_RESUME_ATOMIC)) {
		/* The delayed work does it. */
		refcount_dec(&space->refs);
		module_put(THIS_MODULE);
	}
}

/* ---- The beginning --------------------------------------------------------------------- */

struct estp_space *estp_space_alloc(struct estp_mm *mm, struct estp_index *ix,
				    const struct estp_set *from)
{
	struct estp_space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);

	if (!space || !ix) {
		kvfree(ix);
		kfree(space);
		return NULL;
	}
	if (from)
		estp_set_copy(&space->set, from, ix);
	else
		estp_set_init(&space->set, ix);
	atomic_inc(&mm->spaces);
	refcount_inc(&mm->refs);
	space->of = mm;
	space->mm = mm->mm;
	space->swept = ~0ull;
	mutex_init(&space->register_mutex);
	spin_lock_init(&space->set_lock);
	refcount_set(&space->refs, 1);
	INIT_LIST_HEAD(&space->threads);
	INIT_WORK(&space->free, free_work);
	init_task_work(&space->reap, reap);
	atomic_inc(&space_nr);
	return space;
}

/* A space for the caller's mm, locked and referenced; -EEXIST if another was quicker. */
static struct estp_space *create(struct mm_struct *mm)
{
	struct estp_mm *emm = estp_mm_subscribe(mm);
	struct estp_space *space;

	if (IS_ERR(emm))
		return ERR_CAST(emm);
	space = estp_space_alloc(emm, estp_index_alloc(ESTP_INDEX_SLOT_MIN), NULL);
	estp_mm_put(emm);
	if (!space)
		return ERR_PTR(-ENOMEM);
	estp_preempt_watch();
	/* Before it can be found: what settles it tries for this, and comes back. */
	mutex_lock(&space->register_mutex);
	refcount_inc(&space->refs);
	if (estp_space_publish(space))
		return space;
	WRITE_ONCE(space->dead, true);
	mutex_unlock(&space->register_mutex);
	estp_space_put(space);
	estp_space_put(space);
	return ERR_PTR(-EEXIST);
}

static struct estp_space *find(void)
{
	struct estp_space *space = estp_space_get(current->mm);

	if (space && mutex_lock_killable(&space->register_mutex)) {
		estp_space_put(space);
		return ERR_PTR(-ERESTARTNOINTR);
	}
	return space;
}

struct estp_space *estp_space_lock_current(bool want)
{
	struct estp_space *space;
	int err;

	for (;;) {
		space = find();
		if (!space && want)
			space = create(current->mm);
		if (space == ERR_PTR(-EEXIST))
			continue;
		if (IS_ERR_OR_NULL(space))
			return space;
		if (!space->dead)
			break;
		/* Taken down while we waited for it. */
		estp_space_unlock_put(space);
	}
	if (!space->covered && want) {
		err = estp_threads_cover(space);
		if (err) {
			estp_mm_settle(space->of);
			estp_space_unlock_put(space);
			return ERR_PTR(err);
		}
		space->covered = true;
	}
	return space;
}

void estp_space_unlock_put(struct estp_space *space)
{
	mutex_unlock(&space->register_mutex);
	estp_space_put(space);
}
