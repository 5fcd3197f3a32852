/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64: which addresses are the kernel's, or nobody's. */
#ifndef ESTP_ARCH_X86_64_ACCESS_INLINE_H
#define ESTP_ARCH_X86_64_ACCESS_INLINE_H

#include <linux/mm_types.h>
#include <linux/uaccess.h>
#include <asm/processor.h>
#include <asm/vsyscall.h>

/*
 * From the end of user space and its guard page, through what is not canonical, which is
 * a #GP like any other, to the vsyscall page, which the page fault handler counts as user
 * space; and what is behind that.
 */
static inline size_t estp_arch_kernel_room(unsigned long address)
{
	if (address < TASK_SIZE_MAX + PAGE_SIZE || is_vsyscall_vaddr(address))
		return 0;
	return address < VSYSCALL_ADDR ? VSYSCALL_ADDR - address : -address;
}

static inline bool estp_arch_kernel_range(unsigned long address, size_t len)
{
	return len <= estp_arch_kernel_room(address);
}

/* No lock is asked for because of a kernel address. */
static inline void estp_kernel_store_begin(void)
{
}

static inline void estp_kernel_store_end(void)
{
}

static inline bool estp_arch_user_is(const struct mm_struct *mm)
{
	return read_cr3_pa() == __pa(mm->pgd);
}

/* SMAP is let through in access.S, where objtool sees it end. */
static inline const void __user *estp_user_begin(const void __user *address)
{
	barrier_nospec();
	return address;
}

static inline void estp_user_end(void)
{
}

#endif /* ESTP_ARCH_X86_64_ACCESS_INLINE_H */
