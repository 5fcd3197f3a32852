/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64: which addresses are the kernel's, or nobody's. */
#ifndef ESTP_ARCH_ARM64_ACCESS_INLINE_H
#define ESTP_ARCH_ARM64_ACCESS_INLINE_H

#include <linux/bits.h>
#include <linux/mm.h>
#include <linux/uaccess.h>
#include <asm/mmu.h>
#include <asm/sysreg.h>

/* Bit 55 says through whose tables an address goes, whatever is above it. */
static inline size_t estp_arch_kernel_room(unsigned long address)
{
	return address & BIT(55) ? -address : 0;
}

static inline bool estp_arch_kernel_range(unsigned long address, size_t len)
{
	return len <= estp_arch_kernel_room(address);
}

/*
 * A store to what is mapped, but not to be written, makes do_page_fault() ask for mmap_lock, and sleep
 * for it, at a kernel address, too: unless page faults are off.
 */
static inline void estp_kernel_store_begin(void)
{
	pagefault_disable();
}

static inline void estp_kernel_store_end(void)
{
	pagefault_enable();
}

/* Where PAN is made of page tables, user space has none until uaccess_ttbr0_enable() takes the thread's. */
static inline bool estp_arch_user_is(const struct mm_struct *mm)
{
	u64 ttbr;

#ifdef CONFIG_ARM64_SW_TTBR0_PAN
	if (system_uses_ttbr0_pan())
		ttbr = READ_ONCE(current_thread_info()->ttbr0);
	else
#endif
		ttbr = read_sysreg(ttbr0_el1);
	return (ttbr & ~(TTBR_ASID_MASK | TTBR_CNP_BIT)) == phys_to_ttbr(virt_to_phys(mm->pgd));
}

/* LDTR and STTR are let through as they are; not so where PAN is made of page tables. */
static inline const void __user *estp_user_begin(const void __user *address)
{
	uaccess_ttbr0_enable();
	return uaccess_mask_ptr(address);
}

static inline void estp_user_end(void)
{
	uaccess_ttbr0_disable();
}

#endif /* ESTP_ARCH_ARM64_ACCESS_INLINE_H */
