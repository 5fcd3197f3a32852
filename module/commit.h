/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A registration in the making: pages that will enter the set together or not at all.
 */
#ifndef ESTP_COMMIT_H
#define ESTP_COMMIT_H

#include <linux/mm.h>

#include "estp.h"
#include "compat/compat.h"

/**
 * struct estp_batch - pages and tokens waiting to be put into a set
 * @space: the space; register_mutex held
 * @page: chain of them, by estp_page.rcu[0]
 * @new_keys: those that the set does not have yet
 * @new_pages: of them, addresses
 * @bytes: what the set's memory grows by, replaced pages subtracted
 */
struct estp_batch {
	struct estp_space *space;
	struct estp_page *page;
	u64 new_keys;
	u64 new_pages;
	s64 bytes;
};

/*
 * May code of this mapping be registered?  Not what is below a device's control, nor the kernel's own page, where
 * a uprobe's instruction is executed out of line: the kernel relies on its faults, see LIM-2.
 */
static inline bool estp_vma_has_code(struct vm_area_struct *vma)
{
	return (vma->vm_flags & (VM_EXEC | VM_IO)) == VM_EXEC && estp_vma_is_told_of(vma);
}

/* Take over @page, a finished page or token.  mmap_lock held if it is to be committed. */
void estp_batch_add(struct estp_batch *batch, struct estp_page *page);
/* The slot of an address that is mapped, with mmap_lock held, so that it stays. */
unsigned long estp_batch_find(const struct estp_batch *batch, u64 key);
/* Is the set over a limit with the batch in it? */
bool estp_batch_over_limit(const struct estp_batch *batch);
/* Put them all in.  mmap_lock held; -ENOMEM changes nothing. */
int estp_batch_commit(struct estp_batch *batch);
/* Give up what has not been committed. */
void estp_batch_discard(struct estp_batch *batch);

/**
 * estp_page_make() - allocate and compile one code page
 * @item: its sequences in match order
 * @nr: how many
 * @old: the slot's value for this address so far, 0 if none
 * @gen: the set's generation
 * @flags: ESTP_PAGE_*, besides those of @old
 *
 * Return: the page; ERR_PTR(-ENOMEM), or -ENOSPC for too many entries.
 */
struct estp_page *estp_page_make(u64 addr, const struct estp_item *item, u32 nr,
				 unsigned long old, u64 gen, u16 flags);

/* An entry over several pages has ended, or is replaced: its token goes; 0 is none. */
void estp_end_token(struct estp_space *space, u64 wide);

/* What a registration that is refused for its content leaves in the log (pr_debug). */
void estp_tell(unsigned long addr, const struct estp_reject *why);

/* The table at @addr, register_mutex held; @longer: the range is, which is refused. */
int estp_register_table(struct estp_space *space, unsigned long addr, bool longer, u32 *count);

#endif /* ESTP_COMMIT_H */
