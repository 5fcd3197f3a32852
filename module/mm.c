// SPDX-License-Identifier: GPL-2.0-only
/*
 * Address spaces that have registered: from the first registration, or from fork, to their end.
 *
 *   subscribed   an interval notifier over all addresses tells of what is unmapped.  (A list
 *                notifier would make every exit wait for an SRCU grace period, one interval a
 *                page would break the memory bound.)
 *   looked at    a moment after something went: if nothing is in force by then, its space is
 *                taken down (space.c).  The notifier stays
 *   let go of    exec or exit took the address space away, and nothing is mapped there any more;
 *                or the module is unloaded, or it could not be subscribed
 *
 * The notifier stays because its removal waits until no range of the mm is being invalidated, and
 * whoever maps the same file as a living one can put that off for ever: punching a hole into it takes
 * no lock of the mm.  Where nothing is mapped, no range is open.
 */
#include <linux/delay.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/mmu_notifier.h>
#include <linux/sched/coredump.h>
#include <linux/sched/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "estp.h"
#include "compat/compat.h"

#define SETTLE_DELAY	(HZ / 10)	/* a JIT's last page often has a successor */

struct workqueue_struct *estp_wq;

static DEFINE_HASHTABLE(by_mm, 11);	/* estp_threads_lock; readers RCU */
static atomic_t mm_nr = ATOMIC_INIT(0);

static void look_work(struct work_struct *work);
static const struct mmu_interval_notifier_ops notifier_ops;

/* ---- Finding ----------------------------------------------------------------------------- */

/* RCU held. */
static struct estp_mm *find_mm(const void *mm)
{
	struct estp_mm *emm;

	hash_for_each_possible_rcu(by_mm, emm, by_mm, (unsigned long)mm)
		if (emm->mm == mm)
			return emm;
	return NULL;
}

/* RCU held. */
static struct estp_space *get_space(const struct estp_mm *emm)
{
	struct estp_space *space = rcu_dereference(emm->space);

	return space && refcount_inc_not_zero(&space->refs) ? space : NULL;
}

static struct estp_space *space_of(const struct estp_mm *emm)
{
	struct estp_space *space;

	rcu_read_lock();
	space = get_space(emm);
	rcu_read_unlock();
	return space;
}

struct estp_space *estp_space_get(const void *mm)
{
	struct estp_space *space = NULL;
	const struct estp_mm *emm;

	if (!estp_spaces_exist())
		return NULL;
	rcu_read_lock();
	emm = find_mm(mm);
	if (emm)
		space = get_space(emm);
	rcu_read_unlock();
	return space;
}

bool estp_space_publish(struct estp_space *space)
{
	struct estp_mm *emm = space->of;
	unsigned long flags;
	bool free;

	raw_spin_lock_irqsave(&estp_threads_lock, flags);
	free = !emm->gone && !rcu_access_pointer(emm->space);
	if (free)
		rcu_assign_pointer(emm->space, space);
	raw_spin_unlock_irqrestore(&estp_threads_lock, flags);
	/* Pairs with estp_fork_thread(): it sees the space, or we its task. */
	smp_mb();
	return free;
}

void estp_space_kill(struct estp_space *space)
{
	raw_spin_lock_irq(&estp_threads_lock);
	WRITE_ONCE(space->dead, true);
	raw_spin_unlock_irq(&estp_threads_lock);
}

void estp_space_unpublish(struct estp_space *space)
{
	raw_spin_lock_irq(&estp_threads_lock);
	RCU_INIT_POINTER(space->of->space, NULL);
	raw_spin_unlock_irq(&estp_threads_lock);
}

/* ---- The end -------------------------------------------------------------------------------- */

/* Any context.  It may be the key of a look-up still. */
void estp_mm_put(struct estp_mm *emm)
{
	if (!refcount_dec_and_test(&emm->refs))
		return;
	kfree_rcu(emm, rcu);
	atomic_dec(&mm_nr);
}

void estp_mm_settle(struct estp_mm *emm)
{
	refcount_inc(&emm->refs);
	if (!queue_delayed_work(estp_wq, &emm->look, SETTLE_DELAY))
		estp_mm_put(emm);
}

/* True for one caller: nobody finds it from here on. */
static bool take_away(struct estp_mm *emm)
{
	bool taken;

	raw_spin_lock_irq(&estp_threads_lock);
	taken = !emm->gone;
	if (taken)
		hash_del_rcu(&emm->by_mm);
	WRITE_ONCE(emm->gone, true);
	raw_spin_unlock_irq(&estp_threads_lock);
	return taken;
}

static void let_go(struct estp_mm *emm)
{
	if (!take_away(emm))
		return;
	if (emm->subscribed)
		mmu_interval_notifier_remove(&emm->notifier);
	if (cancel_delayed_work(&emm->look))
		estp_mm_put(emm);
	mmdrop(emm->mm);
	estp_mm_put(emm);
}

static bool nothing_is_mapped(struct mm_struct *mm)
{
	VMA_ITERATOR(vmi, mm, 0);
	bool nothing;

	/* exit_mmap() is at it. */
	if (!mmap_read_trylock(mm))
		return false;
	nothing = !vma_next(&vmi);
	mmap_read_unlock(mm);
	return nothing;
}

void estp_mm_end(struct estp_mm *emm)
{
	bool there;

	raw_spin_lock_irq(&estp_threads_lock);
	there = !emm->gone && !rcu_access_pointer(emm->space);
	if (there)
		mmgrab(emm->mm);	/* another may let go of it meanwhile */
	raw_spin_unlock_irq(&estp_threads_lock);
	if (!there)
		return;
	if (nothing_is_mapped(emm->mm))
		let_go(emm);
	else
		estp_mm_settle(emm);
	mmdrop(emm->mm);
}

static void look(struct estp_mm *emm)
{
	struct estp_space *space = space_of(emm);

	if (space) {
		estp_space_try_take_down(space);
		estp_space_put(space);
	} else if (READ_ONCE(emm->released)) {
		estp_mm_end(emm);
	}
}

static void look_work(struct work_struct *work)
{
	struct estp_mm *emm = container_of(to_delayed_work(work), struct estp_mm, look);

	look(emm);
	estp_mm_put(emm);
}

/* ---- What the notifier tells ------------------------------------------------------------------ */

/*
 * mmap_lock is held for reading or writing, but by the last exit, and where a hole is punched into a file of
 * hugetlb, on 6.1, which has nothing of a set (LIM-36).  May have been told
 * not to block; set_lock is only ever held for short.
 */
static bool invalidate(struct mmu_interval_notifier *notifier,
		       const struct mmu_notifier_range *range, unsigned long seq)
{
	struct estp_mm *emm = container_of(notifier, struct estp_mm, notifier);
	struct estp_space *space;

	switch (range->event) {
	case MMU_NOTIFY_UNMAP:
		/*
		 * The OOM reaper takes memory away below vmas that stay, beside whoever
		 * holds mmap_lock for reading.  No task of this mm runs user code again.
		 */
		if (test_bit(MMF_UNSTABLE, &range->mm->flags))
			break;
		/* exit_mmap() tells of the end first, then of every mapping. */
		if (READ_ONCE(emm->released))
			break;
		space = space_of(emm);
		if (!space)
			break;
		estp_space_unmap(space, range->start, range->end, mmu_notifier_range_blockable(range));
		estp_space_put(space);
		break;
	case MMU_NOTIFY_RELEASE:
		/* Whoever is the last to leave finds it so, and takes all down; or this has it done. */
		WRITE_ONCE(emm->released, true);
		estp_mm_settle(emm);
		break;
	default:
		/* Pages move, protections change: the code stays where it is. */
		break;
	}
	return true;
}

static const struct mmu_interval_notifier_ops notifier_ops = { .invalidate = invalidate };

/* ---- The beginning ---------------------------------------------------------------------------- */

static struct estp_mm *make(struct mm_struct *mm)
{
	struct estp_mm *emm = kzalloc(sizeof(*emm), GFP_KERNEL_ACCOUNT);

	if (!emm)
		return NULL;
	mmgrab(mm);
	emm->mm = mm;
	mutex_init(&emm->subscribe_mutex);
	INIT_DELAYED_WORK(&emm->look, look_work);
	refcount_set(&emm->refs, 1);
	atomic_inc(&mm_nr);
	return emm;
}

static void discard(struct estp_mm *emm)
{
	mmdrop(emm->mm);
	estp_mm_put(emm);
}

/* False if its mm has another. */
static bool publish(struct estp_mm *emm)
{
	bool absent;

	rcu_read_lock();
	raw_spin_lock_irq(&estp_threads_lock);
	absent = !find_mm(emm->mm);
	if (absent) {
		refcount_inc(&emm->refs);
		hash_add_rcu(by_mm, &emm->by_mm, (unsigned long)emm->mm);
	}
	raw_spin_unlock_irq(&estp_threads_lock);
	rcu_read_unlock();
	return absent;
}

static struct estp_mm *find_or_make(struct mm_struct *mm)
{
	struct estp_mm *emm;

	rcu_read_lock();
	emm = find_mm(mm);
	if (emm && !refcount_inc_not_zero(&emm->refs))
		emm = NULL;
	rcu_read_unlock();
	if (emm)
		return emm;
	emm = make(mm);
	if (!emm)
		return ERR_PTR(-ENOMEM);
	if (publish(emm))
		return emm;
	discard(emm);
	return ERR_PTR(-EEXIST);
}

static int insert_notifier(struct estp_mm *emm)
{
	return mmu_interval_notifier_insert_locked(&emm->notifier, emm->mm, 0, ULONG_MAX, &notifier_ops);
}

/*
 * Beside an invalidation that another's notifier (a GPU's) has been told of, the insertion is only planned,
 * and may stay so for as long as somebody likes: so not by mmu_interval_read_begin(), which no signal ends. Any
 * other invalidation does not matter: what is unmapped is unmapped under mmap_lock.
 */
static int wait_for_insertion(struct estp_mm *emm)
{
	while (data_race(RB_EMPTY_NODE(&emm->notifier.interval_tree.rb))) {
		/* At once after having looked: what is only planned is removed without waiting. */
		if (fatal_signal_pending(current)) {
			mmu_interval_notifier_remove(&emm->notifier);
			return -EINTR;
		}
		schedule_timeout_killable(1);
	}
	return 0;
}

/*
 * Before it takes the locks of all mappings, mmu_interval_notifier_insert() takes a lock of all
 * processes, and then waits for faults in these mappings, as long as whoever serves them likes (FUSE).
 * So they are waited for here, while nobody waits for us but for this mm: new ones want its lock.
 */
static int subscribe(struct estp_mm *emm)
{
	VMA_ITERATOR(vmi, emm->mm, 0);
	struct vm_area_struct *vma;
	int err = 0;

	if (mmap_write_lock_killable(emm->mm))
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
		err = insert_notifier(emm);
	mmap_write_unlock(emm->mm);
	return err ?: wait_for_insertion(emm);
}

static int subscribe_once(struct estp_mm *emm)
{
	int err;

	if (mutex_lock_killable(&emm->subscribe_mutex))
		return -EINTR;
	if (emm->subscribed) {
		err = 0;
	} else if (emm->gone) {
		err = -EEXIST;
	} else {
		err = subscribe(emm);
		emm->subscribed = !err;
		/* Nothing would tell it of the end. */
		if (err)
			let_go(emm);
	}
	mutex_unlock(&emm->subscribe_mutex);
	return err;
}

struct estp_mm *estp_mm_subscribe(struct mm_struct *mm)
{
	struct estp_mm *emm = find_or_make(mm);
	int err;

	if (IS_ERR(emm))
		return emm;
	err = subscribe_once(emm);
	if (!err)
		return emm;
	estp_mm_put(emm);
	/* A signal that came in between: start the call again after it. */
	return ERR_PTR(err == -EINTR ? -ERESTARTNOINTR : err);
}

struct estp_mm *estp_mm_subscribe_new(struct mm_struct *mm)
{
	struct estp_mm *emm = make(mm);
	int err;

	if (!emm)
		return NULL;
	mmap_write_lock_nested(mm, SINGLE_DEPTH_NESTING);
	err = insert_notifier(emm);
	mmap_write_unlock(mm);
	if (err) {
		discard(emm);
		return NULL;
	}
	emm->subscribed = true;
	publish(emm);
	return emm;
}

/* ---- Module ------------------------------------------------------------------------------------ */

int estp_mms_init(void)
{
	estp_wq = alloc_workqueue("estp", WQ_UNBOUND, 0);
	return estp_wq ? 0 : -ENOMEM;
}

static struct estp_mm *any_mm(void)
{
	struct estp_mm *emm, *found = NULL;
	int bucket;

	raw_spin_lock_irq(&estp_threads_lock);
	hash_for_each(by_mm, bucket, emm, by_mm) {
		refcount_inc(&emm->refs);
		found = emm;
		break;
	}
	raw_spin_unlock_irq(&estp_threads_lock);
	return found;
}

/*
 * No thread is attached any more, no hook is in place: only what is on its way out, and what had
 * registered once.  Where that lives, its notifier's removal waits (LIM-39).
 */
void estp_mms_exit(void)
{
	struct estp_mm *emm;

	while ((emm = any_mm())) {
		WRITE_ONCE(emm->released, true);
		look(emm);
		if (rcu_access_pointer(emm->space))
			msleep(1);
		else
			let_go(emm);
		estp_mm_put(emm);
	}
	/* Looks that are queued, each with a reference, then call_rcu, then free. */
	while (estp_spaces_exist() || atomic_read(&mm_nr))
		msleep(10);
	rcu_barrier();
	destroy_workqueue(estp_wq);
}
