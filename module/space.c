// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registered address spaces: from the first registration to the end.
 *
 *   made          by the first registration, or by fork from the parent's
 *   settled       nothing left registered: taken down a moment later, unless something
 *                 is registered by then
 *   released      exec or exit took the address space away: taken down at once
 *   taken down    found by nobody any more; its threads detach themselves; freed when
 *                 the last has
 *
 * One interval notifier over all addresses tells of what is unmapped.  (A list notifier
 * would make every exit wait for an SRCU grace period, one interval a page would
 * break the memory bound.)
 */
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "estp.h"

#define SETTLE_DELAY	(HZ / 10)	/* a JIT's last page often has a successor */
#define SCAN_NR		512		/* slots looked at under one hold of set_lock */

struct workqueue_struct *estp_wq;
DEFINE_MUTEX(estp_create_mutex);

static DEFINE_HASHTABLE(by_mm, 8);	/* estp_threads_lock; readers RCU */
static atomic_t space_nr = ATOMIC_INIT(0);

bool estp_spaces_exist(void)
{
	return atomic_read(&space_nr);
}

/* ---- The scheduler's branch ---------------------------------------------------------- */

/*
 * Preempt notifiers cost every switch of every task 6 instructions once their static
 * branch is on, so it is on only while there is a space; for a second longer, because
 * changing it is expensive and short-lived programs come one after the other.
 */
static DEFINE_MUTEX(switch_mutex);
static bool switch_on;

static void turn_off(struct work_struct *work)
{
	mutex_lock(&switch_mutex);
	if (switch_on && !estp_spaces_exist()) {
		preempt_notifier_dec();
		switch_on = false;
	}
	mutex_unlock(&switch_mutex);
}

static DECLARE_DELAYED_WORK(turn_off_work, turn_off);

/* A space exists, so it stays on until that is freed. */
static void turn_on(void)
{
	mutex_lock(&switch_mutex);
	if (!switch_on)
		preempt_notifier_inc();
	switch_on = true;
	mutex_unlock(&switch_mutex);
}

struct estp_space *estp_space_get(const void *mm)
{
	struct estp_space *space, *found = NULL;

	if (!estp_spaces_exist())
		return NULL;
	rcu_read_lock();
	hash_for_each_possible_rcu(by_mm, space, by_mm, (unsigned long)mm)
		if (space->mm == mm && refcount_inc_not_zero(&space->refs)) {
			found = space;
			break;
		}
	rcu_read_unlock();
	return found;
}

/* ---- The end ---------------------------------------------------------------------- */

static void free_space(struct work_struct *work)
{
	struct estp_space *space = container_of(to_rcu_work(work), struct estp_space, free);
	struct estp_index *ix = space->set.index;
	u32 i;

	for (i = 0; i <= ix->mask; i++) {
		struct estp_page *page = estp_slot_page(ix->slot[i]);

		if (page && page != estp_tombstone())
			estp_page_drop(page);
		if (!(i % SCAN_NR))
			cond_resched();
	}
	kvfree(ix);
	kfree(space);
	if (atomic_dec_and_test(&space_nr))
		mod_delayed_work(estp_wq, &turn_off_work, HZ);
}

/* Any context: the last thread may leave in its exit, with preemption off. */
void estp_space_put(struct estp_space *space)
{
	if (refcount_dec_and_test(&space->refs))
		queue_rcu_work(estp_wq, &space->free);
}

static void publish(struct estp_space *space)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&estp_threads_lock, flags);
	hash_add_rcu(by_mm, &space->by_mm, (unsigned long)space->mm);
	raw_spin_unlock_irqrestore(&estp_threads_lock, flags);
}

/* Called with register_mutex held; takes the table's reference away, once. */
static void unpublish(struct estp_space *space)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&estp_threads_lock, flags);
	hash_del_rcu(&space->by_mm);
	WRITE_ONCE(space->dead, true);
	raw_spin_unlock_irqrestore(&estp_threads_lock, flags);
	estp_threads_release(space);
}

static void take_down(struct work_struct *work)
{
	struct estp_space *space = container_of(to_delayed_work(work), struct estp_space,
						take_down);

	mutex_lock(&space->register_mutex);
	if (space->dead || (space->set.code_pages && !READ_ONCE(space->released))) {
		mutex_unlock(&space->register_mutex);
		return;
	}
	unpublish(space);
	mutex_unlock(&space->register_mutex);

	mmu_interval_notifier_remove(&space->notifier);
	/* Until now it could queue this work again. */
	cancel_delayed_work(&space->take_down);
	estp_space_put(space);
}

void estp_space_settle(struct estp_space *space)
{
	if (!space->set.code_pages)
		mod_delayed_work(estp_wq, &space->take_down, SETTLE_DELAY);
}

/* ---- Unmapping ---------------------------------------------------------------------- */

static void unmap(struct estp_space *space, unsigned long start, unsigned long end)
{
	struct estp_index *ix = NULL;
	bool empty;
	u32 at = 0;

	do {
		spin_lock(&space->set_lock);
		/* A registration may have put a larger index in its place meanwhile. */
		if (ix != space->set.index)
			at = 0;
		ix = space->set.index;
		at = estp_set_unmap(&space->set, start, end, at, SCAN_NR);
		if (start < space->watch_end && end > space->watch_start)
			space->watch_hit = true;
		empty = !space->set.code_pages;
		spin_unlock(&space->set_lock);
	} while (at);
	if (empty)
		estp_space_settle(space);
}

/*
 * mmap_lock is held for reading or writing, but by the last exit and the reaper.  May
 * have been told not to block; set_lock is only ever held for short.
 */
static bool invalidate(struct mmu_interval_notifier *notifier,
		       const struct mmu_notifier_range *range, unsigned long seq)
{
	struct estp_space *space = container_of(notifier, struct estp_space, notifier);

	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
		unmap(space, range->start, range->end);
		break;
	case MMU_NOTIFY_RELEASE:
		WRITE_ONCE(space->released, true);
		mod_delayed_work(estp_wq, &space->take_down, 0);
		break;
	default:
		/* Pages move, protections change: the code stays where it is. */
		break;
	}
	return true;
}

static const struct mmu_interval_notifier_ops notifier_ops = { .invalidate = invalidate };

/* ---- The beginning --------------------------------------------------------------------- */

/* With an empty set, or a copy of @from.  Takes over @ix; if that is NULL it fails. */
static struct estp_space *alloc_space(struct mm_struct *mm, struct estp_index *ix,
				      const struct estp_set *from)
{
	struct estp_space *space = kzalloc(sizeof(*space), GFP_KERNEL_ACCOUNT);

	if (!space || !ix) {
		kvfree(ix);
		kfree(space);
		return NULL;
	}
	if (from)
		estp_set_copy(&space->set, from, ix, estp_page_hold);
	else
		estp_set_init(&space->set, ix);
	space->mm = mm;
	mutex_init(&space->register_mutex);
	spin_lock_init(&space->set_lock);
	refcount_set(&space->refs, 1);
	INIT_LIST_HEAD(&space->threads);
	INIT_DELAYED_WORK(&space->take_down, take_down);
	INIT_RCU_WORK(&space->free, free_space);
	atomic_inc(&space_nr);
	return space;
}

/* Before anybody has seen it. */
static void discard_space(struct estp_space *space)
{
	estp_space_put(space);
}

/* The caller holds estp_create_mutex; on success register_mutex, too. */
static struct estp_space *create(struct mm_struct *mm)
{
	struct estp_space *space = alloc_space(mm, estp_index_alloc(ESTP_INDEX_SLOT_MIN), NULL);
	int err;

	if (!space)
		return ERR_PTR(-ENOMEM);
	turn_on();
	err = mmu_interval_notifier_insert(&space->notifier, mm, 0, ULONG_MAX, &notifier_ops);
	if (err) {
		discard_space(space);
		/* A signal that came in between: start the call again after it. */
		return ERR_PTR(err == -EINTR ? -ERESTARTNOINTR : err);
	}
	mutex_lock(&space->register_mutex);
	refcount_inc(&space->refs);
	publish(space);
	err = estp_threads_cover(space);
	if (err) {
		mod_delayed_work(estp_wq, &space->take_down, 0);
		estp_space_unlock_put(space);
		return ERR_PTR(err);
	}
	return space;
}

static struct estp_space *find_or_create(bool want)
{
	struct estp_space *space;

	if (mutex_lock_killable(&estp_create_mutex))
		return ERR_PTR(-ERESTARTNOINTR);
	space = estp_space_get(current->mm);
	if (!space)
		space = want ? create(current->mm) : NULL;
	else if (mutex_lock_killable(&space->register_mutex)) {
		estp_space_put(space);
		space = ERR_PTR(-ERESTARTNOINTR);
	}
	mutex_unlock(&estp_create_mutex);
	return space;
}

struct estp_space *estp_space_lock_current(bool want)
{
	for (;;) {
		struct estp_space *space = estp_space_get(current->mm);

		if (!space && !want)
			return NULL;
		if (!space) {
			space = find_or_create(want);
		} else if (mutex_lock_killable(&space->register_mutex)) {
			estp_space_put(space);
			return ERR_PTR(-ERESTARTNOINTR);
		}
		if (IS_ERR_OR_NULL(space) || !space->dead)
			return space;
		/* Taken down while we waited for it. */
		estp_space_unlock_put(space);
	}
}

void estp_space_unlock_put(struct estp_space *space)
{
	mutex_unlock(&space->register_mutex);
	estp_space_put(space);
}

/* ---- Fork ----------------------------------------------------------------------------- */

/* MADV_DONTFORK and MADV_WIPEONFORK: the child has no such code. */
static void leave_out(struct estp_space *child, struct mm_struct *parent)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, parent, 0);

	for_each_vma(vmi, vma)
		if (vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK))
			unmap(child, vma->vm_start, vma->vm_end);
}

static struct estp_space *copy_space(struct estp_space *parent, struct mm_struct *mm)
{
	return alloc_space(mm, estp_index_alloc_raw(parent->set.index->mask + 1), &parent->set);
}

static int insert_notifier_locked(struct estp_space *space)
{
	int err;

	/* Nobody else knows the new mm yet. */
	mmap_write_lock_nested(space->mm, SINGLE_DEPTH_NESTING);
	err = mmu_interval_notifier_insert_locked(&space->notifier, space->mm, 0, ULONG_MAX,
						  &notifier_ops);
	mmap_write_unlock(space->mm);
	return err;
}

/*
 * Before anything of @old has been copied, with its mmap_lock held for writing: its set
 * stands still.  If the rest of fork fails, @new is released like any other.
 */
void estp_fork_mm(struct mm_struct *old, struct mm_struct *new)
{
	struct estp_space *parent = estp_space_get(old), *child;

	if (likely(!parent))
		return;
	estp_thread_doom(NULL);
	child = copy_space(parent, new);
	if (child && insert_notifier_locked(child)) {
		discard_space(child);
		child = NULL;
	}
	if (child) {
		publish(child);
		leave_out(child, old);
	} else {
		estp_thread_doom(new);
	}
	estp_space_put(parent);
}

/* ---- Module ------------------------------------------------------------------------------ */

int estp_spaces_init(void)
{
	estp_wq = alloc_workqueue("estp", WQ_UNBOUND, 0);
	return estp_wq ? 0 : -ENOMEM;
}

/* No thread is attached any more, no hook is in place: only what is on its way out. */
void estp_spaces_exit(void)
{
	struct estp_space *space;
	int bucket;

	for (;;) {
		struct estp_space *found = NULL;

		raw_spin_lock_irq(&estp_threads_lock);
		hash_for_each(by_mm, bucket, space, by_mm)
			if (!found) {
				found = space;
				refcount_inc(&found->refs);
			}
		raw_spin_unlock_irq(&estp_threads_lock);
		if (!found)
			break;
		WRITE_ONCE(found->released, true);
		mod_delayed_work(estp_wq, &found->take_down, 0);
		flush_delayed_work(&found->take_down);
		estp_space_put(found);
	}
	/* take_down, then call_rcu, then free. */
	flush_workqueue(estp_wq);
	rcu_barrier();
	flush_workqueue(estp_wq);
	cancel_delayed_work_sync(&turn_off_work);
	turn_off(NULL);
	destroy_workqueue(estp_wq);
}
