/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64: which addresses are the kernel's, or nobody's. */
#ifndef ESTP_ARCH_X86_64_ACCESS_INLINE_H
#define ESTP_ARCH_X86_64_ACCESS_INLINE_H

#include <linux/mm_types.h>
#include <linux/percpu.h>
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

/* The kernel exports it, and shows its type, the same in 6.1 and 6.12, to what is built in. */
struct tlb_state_shared {
	bool is_lazy;
};
DECLARE_PER_CPU_SHARED_ALIGNED(struct tlb_state_shared, cpu_tlbstate_shared);

/* From where a CPU is being switched to a task without user space, its TLB is not told any more of what is unmapped. */
static inline bool estp_arch_user_is(const struct mm_struct *mm)
{
	return read_cr3_pa() == __pa(mm->pgd) && !this_cpu_read(cpu_tlbstate_shared.is_lazy);
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
