// SPDX-License-Identifier: GPL-2.0-only
/*
 * /dev/estp: counters and the list, for tools.
 *
 * Another process is named by an open /proc/PID/mem.  Opening that is where the kernel asks
 * its security modules whether the opener may ptrace PID; whoever holds the descriptor
 * could write that memory anyway.  We take no more from it than which mm it means, as
 * a key to look up: it is never followed.
 */
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "estp.h"
#include "compat/compat.h"

static bool is_proc_mem(const struct file *file)
{
	return file_inode(file)->i_sb->s_magic == PROC_SUPER_MAGIC &&
	       S_ISREG(file_inode(file)->i_mode) && estp_file_is_of_addresses(file) &&
	       !strcmp(file->f_path.dentry->d_name.name, "mem");
}

/* The space that a request means; NULL if that process has none. */
static struct estp_space *named_space(s32 mem_fd)
{
	struct estp_space *space;
	struct file *file;

	if (mem_fd == -1)
		return estp_space_get(current->mm);
	file = fget(mem_fd);
	if (!file)
		return ERR_PTR(-EBADF);
	space = is_proc_mem(file) ? estp_space_get(file->private_data) : ERR_PTR(-EINVAL);
	fput(file);
	return space;
}

/*
 * While it registers, a process may wait for its own memory as long as whoever serves that likes
 * (userfaultfd, FUSE), with its mutex held: who looks at another waits for so long, not for ever. A
 * signal that does not kill is no reason to begin anew.
 */
#define OTHERS_WAIT	(2 * HZ)
#define LOOK_AGAIN_MS	10

static int lock_space(struct estp_space *space)
{
	unsigned long end = jiffies + OTHERS_WAIT;

	if (space->mm == current->mm)
		return mutex_lock_killable(&space->register_mutex) ? -ERESTARTNOINTR : 0;
	while (!mutex_trylock(&space->register_mutex)) {
		if (time_after(jiffies, end))
			return -EBUSY;
		schedule_timeout_killable(msecs_to_jiffies(LOOK_AGAIN_MS));
		if (fatal_signal_pending(current))
			return -ERESTARTNOINTR;
	}
	return 0;
}

/* ---- Going through a set -------------------------------------------------------------- */

struct walk {
	struct estp_sequence *seq;	/* room for max; NULL: count only */
	u32 max, nr;
};

/* RCU and register_mutex held: nothing is added, only unmapped. */
static void walk_page(const struct estp_index *ix, u32 at, struct walk *walk)
{
	unsigned long slot = READ_ONCE(ix->slot[at]);
	const struct estp_page *page = estp_slot_page(slot);
	struct estp_sequence seq;
	u32 i;

	if (!slot || slot & ESTP_SLOT_VOID || estp_key_is_token(page->key))
		return;
	for (i = 0; i < estp_page_entries(page); i++) {
		/* Where a page has gone meanwhile the set has changed: walk_set() sees it. */
		if (estp_reader_pause(i) && READ_ONCE(ix->slot[at]) != slot)
			return;
		/* In this order: what still lives afterwards was whole when it was read. */
		estp_set_sequence(ix, page, i, &seq);
		if (!estp_set_alive(ix, page, i))
			continue;
		/* One that spans several pages counts where it begins. */
		if ((seq.start & PAGE_MASK) != page->key)
			continue;
		if (walk->nr < walk->max && walk->seq)
			walk->seq[walk->nr] = seq;
		walk->nr++;
	}
}

static void walk_once(struct estp_space *space, struct walk *walk)
{
	const struct estp_index *ix = space->set.index;
	u32 i;

	walk->nr = 0;
	for (i = 0; i <= ix->mask; i++) {
		rcu_read_lock();
		walk_page(ix, i, walk);
		rcu_read_unlock();
		cond_resched();
	}
}

#define WALK_TRIES	16

/* Under the lock, so that no change is half made: its slot written, but not counted yet. */
static u64 changes_of(struct estp_space *space)
{
	u64 changes;

	spin_lock(&space->set_lock);
	changes = space->set.changes;
	spin_unlock(&space->set_lock);
	return changes;
}

/* One state of the set, unless it changes under us all the time. */
static void walk_set(struct estp_space *space, struct walk *walk)
{
	int tries = WALK_TRIES;
	u64 changes;

	do {
		changes = changes_of(space);
		walk_once(space, walk);
	} while (changes != changes_of(space) && --tries);
	if (walk->seq)
		walk->nr = min(walk->nr, walk->max);
}

/* ---- Statistics -------------------------------------------------------------------------- */

static int fill_stats(struct estp_space *space, struct estp_stats *stats)
{
	struct walk walk = {};
	int err, i;

	err = lock_space(space);
	if (err)
		return err;
	/*
	 * Whoever asks again and again would else keep the delayed sweep from this mutex.
	 * One that was taken down while we waited for it holds its mm no more.
	 */
	if (!space->dead && !READ_ONCE(space->of->released))
		estp_space_try_sweep(space);
	walk_set(space, &walk);
	spin_lock(&space->set_lock);
	stats->pages = space->set.pages;
	stats->memory = space->set.bytes +
			estp_page_cost(ESTP_INDEX_BYTES(space->set.index->mask + 1));
	spin_unlock(&space->set_lock);
	mutex_unlock(&space->register_mutex);

	stats->sequences = walk.nr;
	stats->fences = atomic64_read(&space->fences);
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		stats->diversions[i] = atomic64_read(&space->diversions[i]);
	return 0;
}

static long get_stats(struct estp_stats __user *arg)
{
	struct estp_stats stats;
	struct estp_space *space;
	int err = 0;

	if (copy_from_user(&stats, arg, sizeof(stats)))
		return -EFAULT;
	if (stats.flags)
		return -EINVAL;
	space = named_space(stats.mem_fd);
	if (IS_ERR(space))
		return PTR_ERR(space);
	stats = (struct estp_stats) { .mem_fd = stats.mem_fd };
	if (space) {
		err = fill_stats(space, &stats);
		estp_space_put(space);
	}
	if (!err && copy_to_user(arg, &stats, sizeof(stats)))
		err = -EFAULT;
	return err;
}

/* ---- List ----------------------------------------------------------------------------------- */

static bool lower(const void *base, u32 ia, u32 ib)
{
	const struct estp_sequence *a = base, *b = base;

	a += ia;
	b += ib;
	if (a->start != b->start)
		return a->start < b->start;
	if (a->selector != b->selector)
		return a->selector < b->selector;
	if (a->layout != b->layout)	/* tables are matched before pages */
		return a->layout > b->layout;
	if (a->length != b->length)
		return a->length < b->length;
	return a->response < b->response;
}

static void swap_sequences(void *base, u32 a, u32 b)
{
	struct estp_sequence *seq = base;

	swap(seq[a], seq[b]);
}

/* Each member is written, so what goes to user space is all ours. */
static_assert(sizeof(struct estp_sequence) == offsetofend(struct estp_sequence, zero));

static int collect(struct estp_space *space, struct walk *walk)
{
	struct walk count = {};
	int err;

	err = lock_space(space);
	if (err)
		return err;
	walk_set(space, &count);
	walk->max = count.nr;
	walk->seq = estp_array_alloc(max(count.nr, 1u), sizeof(*walk->seq));
	if (walk->seq)
		walk_set(space, walk);
	else
		err = -ENOMEM;
	mutex_unlock(&space->register_mutex);
	if (!err)
		estp_heap_sort(&(struct estp_heap) {
			.base = walk->seq, .before = lower, .exchange = swap_sequences },
			walk->nr);
	return err;
}

/* Page by page: the kernel would copy all of it at a stretch. */
static int write_user(void __user *to, const void *from, size_t len)
{
	size_t done, nr;

	for (done = 0; done < len; done += nr) {
		nr = min(len - done, PAGE_SIZE);
		if (copy_to_user(to + done, from + done, nr))
			return -EFAULT;
		cond_resched();
	}
	return 0;
}

static long get_list(struct estp_list __user *arg)
{
	struct walk walk = {};
	struct estp_space *space;
	struct estp_list list;
	int err = 0;
	u32 n;

	if (copy_from_user(&list, arg, sizeof(list)))
		return -EFAULT;
	if (list.flags)
		return -EINVAL;
	space = named_space(list.mem_fd);
	if (IS_ERR(space))
		return PTR_ERR(space);
	if (space) {
		err = collect(space, &walk);
		estp_space_put(space);
	}
	if (!err) {
		n = min(walk.nr, list.capacity);
		err = write_user(u64_to_user_ptr(list.sequences), walk.seq, n * sizeof(*walk.seq));
		if (!err && put_user(walk.nr, &arg->count))
			err = -EFAULT;
	}
	kvfree(walk.seq);
	return err;
}

static long ioctl(struct file *file, unsigned int request, unsigned long arg)
{
	switch (request) {
	case ESTP_IOC_STATS:
		return get_stats((void __user *)arg);
	case ESTP_IOC_LIST:
		return get_list((void __user *)arg);
	default:
		return -ENOTTY;
	}
}

static const struct file_operations device_fops = {
	.owner = THIS_MODULE,
	.unlocked_ioctl = ioctl,
	.llseek = noop_llseek,
};

static struct miscdevice device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "estp",
	.fops = &device_fops,
	.mode = 0666,
};

int estp_device_init(void)
{
	return misc_register(&device);
}

void estp_device_exit(void)
{
	misc_deregister(&device);
}
