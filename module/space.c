// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registered address spaces: from the first registration to the end.
 *
 *   made          by the first registration, or by fork from the parent's (fork.c)
 *   settled       something went: a moment later, if nothing is left in force by then,
 *                 taken down
 *   released      exec or exit took the address space away: taken down by the last task
 *   taken down    found by nobody any more; its threads detach themselves; freed when
 *                 the last has
 */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/module.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "estp.h"
#include "compat/compat.h"

#define SETTLE_DELAY	(HZ / 10)	/* a JIT's last page often has a successor */

static struct workqueue_struct *estp_wq;

static DEFINE_HASHTABLE(by_mm, 11);	/* estp_threads_lock; readers RCU */
static atomic_t space_nr = ATOMIC_INIT(0);

bool estp_spaces_exist(void)
{
	return atomic_read(&space_nr);
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

bool estp_space_publish(struct estp_space *space)
{
	struct estp_space *other;
	unsigned long flags;
	bool absent = true;

	raw_spin_lock_irqsave(&estp_threads_lock, flags);
	hash_for_each_possible(by_mm, other, by_mm, (unsigned long)space->mm)
		if (other->mm == space->mm)
			absent = false;
	if (absent)
		hash_add_rcu(by_mm, &space->by_mm, (unsigned long)space->mm);
	raw_spin_unlock_irqrestore(&estp_threads_lock, flags);
	/* Pairs with estp_fork_thread(): it sees the space, or we its task. */
	smp_mb();
	return absent;
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

/* Is something in force?  If that cannot be said now, it is asked again later. */
static bool in_force(struct estp_space *space)
{
	if (READ_ONCE(space->released))
		return false;
	if (!estp_space_try_sweep(space)) {
		estp_space_settle(space);
		return true;
	}
	return estp_space_has_code(space);
}

static void try_take_down(struct estp_space *space)
{
	/* Who has it may wait for user memory for as long as somebody likes. */
	if (!mutex_trylock(&space->register_mutex)) {
		estp_space_settle(space);
		return;
	}
	if (space->dead || in_force(space)) {
		mutex_unlock(&space->register_mutex);
		return;
	}
	/*
	 * The notifier's removal waits until no range of this mm is being invalidated, without end
	 * if threads of it see to that. Most do so under mmap_lock, for reading.
	 */
	if (!estp_mmap_exclude_trylock(space->mm)) {
		estp_space_settle(space);
		mutex_unlock(&space->register_mutex);
		return;
	}
	unpublish(space);
	mutex_unlock(&space->register_mutex);

	/* It was the notifier that held it. */
	mmgrab(space->mm);
	mmu_interval_notifier_remove(&space->notifier);
	estp_mmap_exclude_end(space->mm);
	mmdrop(space->mm);
	/* Not needed any more; if it is running it finds the space dead. */
	if (cancel_delayed_work(&space->take_down))
		estp_space_put(space);
	estp_space_put(space);
}

static void take_down(struct work_struct *work)
{
	struct estp_space *space = container_of(to_delayed_work(work), struct estp_space,
						take_down);

	try_take_down(space);
	estp_space_put(space);
}

/* In a task that has left the address space for good, and may sleep. */
static void reap(struct callback_head *work)
{
	struct estp_space *space = container_of(work, struct estp_space, reap);

	try_take_down(space);
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

/* The queued work has a reference of its own. */
void estp_space_settle(struct estp_space *space)
{
	refcount_inc(&space->refs);
	if (!queue_delayed_work(estp_wq, &space->take_down, SETTLE_DELAY))
		estp_space_put(space);
}

/* ---- The beginning --------------------------------------------------------------------- */

struct estp_space *estp_space_alloc(struct mm_struct *mm, struct estp_index *ix,
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
	space->mm = mm;
	space->swept = ~0ull;
	mutex_init(&space->register_mutex);
	spin_lock_init(&space->set_lock);
	refcount_set(&space->refs, 1);
	INIT_LIST_HEAD(&space->threads);
	INIT_DELAYED_WORK(&space->take_down, take_down);
	INIT_WORK(&space->free, free_work);
	init_task_work(&space->reap, reap);
	atomic_inc(&space_nr);
	return space;
}

/* Never published, or refused: its notifier may be in place. */
static void discard_space(struct estp_space *space, bool notified)
{
	WRITE_ONCE(space->dead, true);
	mutex_unlock(&space->register_mutex);
	if (notified)
		mmu_interval_notifier_remove(&space->notifier);
	if (cancel_delayed_work(&space->take_down))
		estp_space_put(space);
	estp_space_put(space);
	estp_space_put(space);
}

/*
 * Before it takes the locks of all mappings, mmu_interval_notifier_insert() takes a lock of all
 * processes, and then waits for faults in these mappings, as long as whoever serves them likes (FUSE).
 * So they are waited for here, while nobody waits for us but for this mm: new ones want its lock.
 */
static int insert_notifier(struct estp_space *space)
{
	VMA_ITERATOR(vmi, space->mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_write_lock_killable(space->mm))
		return -EINTR;
	for_each_vma(vmi, vma) {
		/* As it is there: with many mappings this takes a while. */
		if (signal_pending(current)) {
			err = -EINTR;
			break;
		}
		estp_vma_wait_for_faults(vma);
		cond_resched();
	}
	if (!err)
		err = mmu_interval_notifier_insert_locked(&space->notifier, space->mm, 0, ULONG_MAX,
							  &estp_notifier_ops);
	mmap_write_unlock(space->mm);
	return err;
}

/* A space for the caller's mm, locked and referenced; -EEXIST if another was quicker. */
static struct estp_space *create(struct mm_struct *mm)
{
	struct estp_space *space = estp_space_alloc(mm, estp_index_alloc(ESTP_INDEX_SLOT_MIN), NULL);
	int err;

	if (!space)
		return ERR_PTR(-ENOMEM);
	estp_preempt_watch();
	/* Before the notifier can see it: what it settles waits for this. */
	mutex_lock(&space->register_mutex);
	refcount_inc(&space->refs);
	err = insert_notifier(space);
	if (err) {
		discard_space(space, false);
		/* A signal that came in between: start the call again after it. */
		return ERR_PTR(err == -EINTR ? -ERESTARTNOINTR : err);
	}
	/* While an invalidation is going on the insertion is only planned. */
	mmu_interval_read_begin(&space->notifier);
	if (!estp_space_publish(space)) {
		discard_space(space, true);
		return ERR_PTR(-EEXIST);
	}
	return space;
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
			estp_space_settle(space);
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
		hash_for_each(by_mm, bucket, space, by_mm) {
			found = space;
			refcount_inc(&found->refs);
			break;
		}
		raw_spin_unlock_irq(&estp_threads_lock);
		if (!found)
			break;
		WRITE_ONCE(found->released, true);
		try_take_down(found);
		estp_space_put(found);
		cond_resched();
	}
	/* Delayed works, each with a reference, then call_rcu, then free. */
	while (estp_spaces_exist())
		msleep(10);
	rcu_barrier();
	flush_workqueue(estp_wq);
	destroy_workqueue(estp_wq);
}
