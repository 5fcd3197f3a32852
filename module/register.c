// SPDX-License-Identifier: GPL-2.0-only
/*
 * Registration of ESTP pages, and unregistration of either layout.
 *
 *   read     page by page: vma, copy, parse.  Reading may fault, so mmap_lock is not held;
 *            set_lock's watch tells if something of the range was unmapped meanwhile
 *   commit   with mmap_lock held: the vmas once more, then the set
 *
 * If the range changed between the two, it all begins anew.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "estp.h"
#include "compat/compat.h"
#include "commit.h"
#include "trace.h"

/* Scratch of one registration; too large for the stack. */
struct pages_scratch {
	struct estp_sequence seq[ESTP_PAGE_COUNT_MAX];
	struct estp_item item[ESTP_PAGE_COUNT_MAX];
	u64 rule[ESTP_PAGE_COUNT_MAX * 2];
	u8 bytes[] __aligned(8);
};

static_assert(sizeof_field(struct pages_scratch, rule) >=
	      ESTP_PAGE_COUNT_MAX * (sizeof(u64) + sizeof(u32)));

/* @code: it is to be registered, not only read. */
static int check_vma(unsigned long addr, bool code)
{
	struct vm_area_struct *vma = vma_lookup(current->mm, addr);
	bool right;

	if (!vma)
		return -ENOMEM;
	right = code ? estp_vma_has_code(vma) : estp_vma_is_told_of(vma);
	return right && (vma->vm_flags & VM_READ) ? 0 : -EACCES;
}

static int check_vma_locking(unsigned long addr, bool code)
{
	int err;

	if (mmap_read_lock_killable(current->mm))
		return -ERESTARTNOINTR;
	err = check_vma(addr, code);
	mmap_read_unlock(current->mm);
	return err;
}

static void watch(struct estp_space *space, unsigned long start, unsigned long end)
{
	spin_lock(&space->set_lock);
	space->watch_start = start;
	space->watch_end = end;
	space->watch_hit = false;
	spin_unlock(&space->set_lock);
}

/* Read and compile one page; provisionally: birth and stamp are settled at commit. */
static struct estp_page *read_page(unsigned long addr, struct pages_scratch *scratch)
{
	struct estp_reject why = {};
	int err, nr, i;
	u32 offender;

	err = check_vma_locking(addr, true);
	if (err)
		return ERR_PTR(err);
	if (copy_from_user(scratch->bytes, (void __user *)addr, PAGE_SIZE))
		return ERR_PTR(-EFAULT);
	nr = estp_parse_page(&estp_rules, scratch->bytes, addr, scratch->seq, &why);
	for (i = 0; i < nr; i++)
		scratch->item[i] = (struct estp_item) { .seq = scratch->seq[i] };
	if (nr > 0 && !estp_rule_check(scratch->item, nr, scratch->rule, &offender)) {
		why = (struct estp_reject) {
			.reason = ESTP_LEAK, .field = ESTP_FIELD_RESPONSE, .index = offender,
			.value = scratch->seq[offender].response - addr,
		};
		nr = -1;
	}
	if (nr < 0) {
		estp_tell(addr, &why);
		return ERR_PTR(-ENOEXEC);
	}
	return estp_page_make(addr, scratch->item, nr, 0, 0, 0);
}

/*
 * Read all; afterwards the chain is in address order.  Beyond the limit pages are still
 * judged, because ENOSPC comes last, but not kept.
 */
static int read_pages(struct estp_batch *batch, unsigned long start, unsigned long end,
		      struct pages_scratch *scratch)
{
	unsigned long addr;
	bool over = false;

	for (addr = start; addr < end; addr += PAGE_SIZE) {
		struct estp_page *page = read_page(addr, scratch);

		if (IS_ERR(page))
			return PTR_ERR(page);
		estp_batch_add(batch, page);
		if (over || estp_batch_over_limit(batch)) {
			over = true;
			estp_batch_discard(batch);
		}
		if (fatal_signal_pending(current))
			return -ERESTARTNOINTR;
		cond_resched();
	}
	return over ? -ENOSPC : 0;
}

/* Table entries on the same code page stay, if they are in force. */
static struct estp_page *with_table_entries(struct estp_space *space, struct estp_page *page,
					    unsigned long old, u64 gen)
{
	const struct estp_index *ix = space->set.index;	/* register_mutex keeps it */
	const struct estp_page *before = estp_slot_page(old);
	u32 i, nr = 0, max = estp_page_entries(before) + estp_page_entries(page);
	struct estp_item *item = estp_array_alloc(max, sizeof(*item));
	struct estp_page *merged;

	if (!item)
		return ERR_PTR(-ENOMEM);
	for (i = 0; i < estp_page_entries(page); i++) {
		estp_set_sequence(ix, page, i, &item[nr].seq);
		item[nr++].wide = 0;
	}
	/* mmap_lock keeps the old page; others are passed on the way, and may be going. */
	rcu_read_lock();
	for (i = 0; i < estp_page_entries(before); i++) {
		estp_reader_pause(i);
		item[nr].wide = estp_set_sequence(ix, before, i, &item[nr].seq);
		if (item[nr].seq.layout == ESTP_LAYOUT_PAGE)
			continue;
		if (estp_set_alive(ix, before, i))
			nr++;
		else
			estp_end_token(space, item[nr].wide);
	}
	rcu_read_unlock();
	estp_sort(item, nr);
	merged = estp_page_make(page->key, item, nr, old, gen, 0);
	kvfree(item);
	return merged;
}

static bool has_table_entries(unsigned long old)
{
	const struct estp_page *page = estp_slot_page(old);
	int sel;

	if (!old || (old & ESTP_SLOT_VOID))
		return false;
	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		u32 run = estp_run(sel, ESTP_LAYOUT_TABLE);

		if (page->end[run] > (run ? page->end[run - 1] : 0))
			return true;
	}
	return false;
}

/* The provisional page as it will stand in the set. */
static struct estp_page *settle_page(struct estp_batch *batch, struct estp_page *page)
{
	unsigned long old = estp_batch_find(batch, page->key);
	u64 gen = estp_set_gen(&batch->space->set);

	if (has_table_entries(old))
		return with_table_entries(batch->space, page, old, gen);
	page->birth = old ? estp_slot_page(old)->birth : gen;
	page->stamp = gen;
	page->flags = old ? estp_slot_page(old)->flags : 0;
	return page;
}

/* mmap_lock held.  Moves pages from @raw to @batch. */
static int settle_pages(struct estp_batch *raw, struct estp_batch *batch)
{
	struct vm_area_struct *vma = NULL;

	while (raw->page) {
		struct estp_page *page = raw->page, *settled;

		/* Reading saw each with its rights; now they count. */
		if (!vma || page->key < vma->vm_start || page->key >= vma->vm_end) {
			if (check_vma(page->key, true))
				return -EAGAIN;
			vma = vma_lookup(current->mm, page->key);
		}
		settled = settle_page(batch, page);
		if (IS_ERR(settled))
			return PTR_ERR(settled);
		raw->page = page->rcu[0];
		if (settled != page)
			estp_page_free(page);
		estp_batch_add(batch, settled);
		cond_resched();
	}
	return estp_batch_over_limit(batch) ? -ENOSPC : 0;
}

/* -EAGAIN: the range changed since it was read. */
static int commit_pages(struct estp_batch *raw)
{
	struct estp_batch batch = { .space = raw->space };
	int err;

	if (mmap_read_lock_killable(current->mm))
		return -ERESTARTNOINTR;
	err = READ_ONCE(raw->space->watch_hit) ? -EAGAIN : settle_pages(raw, &batch);
	if (!err)
		err = estp_batch_commit(&batch);
	mmap_read_unlock(current->mm);
	estp_batch_discard(&batch);
	return err;
}

static int register_pages(struct estp_space *space, unsigned long start, unsigned long end)
{
	struct pages_scratch *scratch;
	int err;

	scratch = kvmalloc(struct_size(scratch, bytes, PAGE_SIZE), GFP_KERNEL_ACCOUNT);
	if (!scratch)
		return -ENOMEM;
	do {
		struct estp_batch raw = { .space = space };

		watch(space, start, end);
		err = read_pages(&raw, start, end, scratch);
		if (!err)
			err = commit_pages(&raw);
		estp_batch_discard(&raw);
	} while (err == -EAGAIN);
	watch(space, 0, 0);
	kvfree(scratch);
	return err;
}

/*
 * The layout of a range is that of its first page.  A table's header need not be
 * executable; what cannot be read at all has no layout.
 */
static int read_layout(unsigned long start, bool *table)
{
	int err = check_vma_locking(start, false);
	u64 meta;

	if (err)
		return err;
	if (copy_from_user(&meta, (void __user *)start, sizeof(meta)))
		return -EFAULT;
	*table = (meta >> ESTP_META_LAYOUT_SHIFT & 0xff) == ESTP_LAYOUT_TABLE;
	return 0;
}

static int register_range(struct estp_space *space, unsigned long start, unsigned long end)
{
	u32 count = (end - start) / PAGE_SIZE;
	bool table;
	int err = read_layout(start, &table);

	if (err)
		return err;
	if (!table)
		err = register_pages(space, start, end);
	else
		err = estp_register_table(space, start, end - start > PAGE_SIZE, &count);
	if (!err)
		trace_estp_register(current, start, end - start, table, count);
	return err;
}

int estp_register(unsigned long start, unsigned long end)
{
	struct estp_space *space = estp_space_lock_current(true);
	int err;

	if (IS_ERR(space))
		return PTR_ERR(space);
	err = register_range(space, start, end);
	if (err == -ENOSPC) {
		/* What has ended, but was not taken out yet, must not count. */
		if (!mmap_read_lock_killable(current->mm)) {
			estp_space_sweep(space);
			mmap_read_unlock(current->mm);
		}
		err = register_range(space, start, end);
	}
	/* A refused first registration leaves an empty space; what else has gone has been settled. */
	if (err && !estp_space_has_code(space))
		estp_mm_settle(space->of);
	estp_space_unlock_put(space);
	return err;
}

int estp_unregister(unsigned long start, unsigned long end)
{
	struct estp_space *space = estp_space_lock_current(false);
	struct estp_step step = { 0 };
	bool found = false, done;
	u64 changes;

	if (IS_ERR_OR_NULL(space))
		return space ? PTR_ERR(space) : -ENOENT;
	if (mmap_read_lock_killable(current->mm)) {
		estp_space_unlock_put(space);
		return -ERESTARTNOINTR;
	}
	changes = READ_ONCE(space->set.changes);
	/* Only registration replaces the index, and that waits for register_mutex. */
	do {
		spin_lock(&space->set_lock);
		done = estp_set_unregister(&space->set, start, end, &step, ESTP_SCAN_NR, &found);
		spin_unlock(&space->set_lock);
		cond_resched();
	} while (!done);
	/* Before fork can copy what is left. */
	if (changes != READ_ONCE(space->set.changes))
		estp_mm_settle(space->of);
	mmap_read_unlock(current->mm);

	if (found)
		trace_estp_unregister(current, start, end - start);
	estp_space_unlock_put(space);
	return found ? 0 : -ENOENT;
}
