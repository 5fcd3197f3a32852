// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fork: the child's address space gets the parent's set.
 *
 * The pages are shared, the index is copied.  Where nothing is in force there is nothing to give.
 * Where memory for that is lacking the child is doomed: it is killed before its first
 * instruction (threads.c).
 */
#include <linux/mm.h>
#include <linux/module.h>

#include "estp.h"

static bool is_left_out(const struct vm_area_struct *vma)
{
	return vma && vma->vm_flags & (VM_DONTCOPY | VM_WIPEONFORK);
}

static bool any_left_out(struct mm_struct *parent)
{
	struct vm_area_struct *vma;
	VMA_ITERATOR(vmi, parent, 0);
	u32 i = 0;

	for_each_vma(vmi, vma) {
		if (is_left_out(vma))
			return true;
		estp_relax(++i);
	}
	return false;
}

static void unmap_page(struct estp_set *child, u64 key)
{
	struct estp_step step = { 0 };

	while (!estp_set_unmap(child, key, key + PAGE_SIZE, &step, ESTP_SCAN_NR))
		cond_resched();
}

/*
 * MADV_DONTFORK and MADV_WIPEONFORK: the child has no such code.  Nobody sees it yet.
 * By pages, not by mappings: of those there can be thousands that hold none.
 */
static void leave_out(struct estp_set *child, struct mm_struct *parent)
{
	const struct estp_index *ix = child->index;
	u32 i;

	if (!any_left_out(parent))
		return;
	for (i = 0; i <= ix->mask; i++) {
		u64 key = ix->slot[i] ? estp_slot_page(ix->slot[i])->key : ~0ull;

		estp_relax(i);
		if (!estp_key_is_token(key) && is_left_out(vma_lookup(parent, key))) {
			unmap_page(child, key);
			cond_resched();
		}
	}
}

static struct estp_space *copy_space(struct estp_space *parent, struct mm_struct *mm)
{
	struct estp_mm *emm = estp_mm_subscribe_new(mm);
	struct estp_space *child;

	if (!emm)
		return NULL;
	child = estp_space_alloc(emm, estp_index_alloc_raw(parent->set.index->mask + 1), &parent->set);
	/* Without a child it goes with the new mm, which is doomed. */
	estp_mm_put(emm);
	return child;
}

static void fork_space(struct estp_space *parent, struct mm_struct *old, struct mm_struct *new)
{
	struct estp_space *child;

	/* Not yet, or not any more: its threads may not be covered. */
	if (!estp_space_has_code(parent))
		return;
	child = copy_space(parent, new);
	if (!child) {
		estp_thread_doom(new);
		return;
	}
	child->covered = true;		/* its one thread is the fork hook's */
	leave_out(&child->set, old);
	/* Its notifier saw nothing yet, as nothing is mapped there. */
	refcount_inc(&child->refs);
	estp_space_publish(child);
	/* Something went, here or just before: only a sweep tells what is left in force. */
	if (!child->set.code_pages || child->set.gen != parent->set.gen ||
	    work_busy(&parent->of->look.work))
		estp_mm_settle(child->of);
	estp_space_put(child);
}

/*
 * Before anything of @old has been copied, with its mmap_lock held for writing: its set
 * stands still.  If the rest of fork fails, @new is released like any other.
 */
void estp_fork_mm(struct mm_struct *old, struct mm_struct *new)
{
	struct estp_space *parent = estp_space_get(old);

	/* Whom an earlier fork doomed has gone: this mm may have its address. */
	if (parent || !hlist_empty(&current->preempt_notifiers))
		estp_thread_doom(NULL);
	if (likely(!parent))
		return;
	/* Else it is being unloaded: nobody is attached any more. */
	if (try_module_get(THIS_MODULE)) {
		fork_space(parent, old, new);
		module_put(THIS_MODULE);
	}
	estp_space_put(parent);
}
