// SPDX-License-Identifier: GPL-2.0-only
/*
 * Access to memory that may not be there, on estp.ko's own kernel page.
 *
 *   estp_fetch64()       is it a kernel address? -> estp_raw_fetch64()     arch/<isa>/access.S
 *   estp_fetch64_user()  is it a user address?   -> estp_raw_fetch64_user()
 *
 * Which half of the address space it is has to be settled before the access.  A kernel
 * access to user space that is not let through (SMAP, PAN) is no fault that a response
 * could answer: the page fault handlers die of it, or resolve it again and again.
 */
#include <linux/mm.h>
#include <linux/preempt.h>
#include <linux/sched.h>
#include <linux/uaccess.h>

#include "../include/linux/estp.h"
#include "estp.h"
#include "arch/arch.h"
#include "arch/access.h"

/* None of this is called before: nobody gets a symbol of a module that is not up. */
int __init estp_access_init(void)
{
	return estp_kernel_register(estp_access_page);
}

/* 0 if the access may be tried. */
static inline int kernel_range(const volatile void *address, size_t len)
{
	return estp_arch_kernel_range((unsigned long)address, len) ? 0 : -EFAULT;
}

/*
 * Of user space: < 0 if the access may not be tried, else what user_end() wants.
 *
 * Kernel threads run in whichever address space was there before.  And there are moments in which a task's
 * tables are not those of its mm: while the next task's are being switched to, in exec between its new mm and
 * that one's tables, in some calls of firmware.  A callback of tracing, an interrupt or an NMI may come there.
 * NMIs are refused anywhere, as they may come into the middle of a change of the two.  With interrupts off, or as a reader of RCU, a fault must not sleep; the page fault
 * handlers want that said.  Where nothing counts (a spinlock without PREEMPT_COUNT) the caller has to say it.
 */
static inline int user_begin(const void __user **address, size_t len)
{
	int off;

	if (unlikely(!current->mm || in_nmi() || !estp_arch_user_is(current->mm)) ||
	    !access_ok(*address, len))
		return -EFAULT;
	off = irqs_disabled() || rcu_preempt_depth();
	if (unlikely(off))
		pagefault_disable();
	*address = estp_user_begin(*address);
	return off;
}

static inline void user_end(int off)
{
	estp_user_end();
	if (unlikely(off))
		pagefault_enable();
}

#define FETCH(bits)									\
int estp_fetch##bits(const volatile void *from, u##bits *value)				\
{											\
	int err = kernel_range(from, bits / 8);						\
											\
	if (!err)									\
		return estp_raw_fetch##bits(from, value);				\
	*value = 0;									\
	return err;									\
}											\
EXPORT_SYMBOL_GPL(estp_fetch##bits);							\
											\
int estp_fetch##bits##_user(const void __user *from, u##bits *value)			\
{											\
	int err, off = user_begin(&from, bits / 8);					\
											\
	if (off < 0) {									\
		*value = 0;								\
		return off;								\
	}										\
	err = estp_raw_fetch##bits##_user(from, value);					\
	user_end(off);									\
	return err;									\
}											\
EXPORT_SYMBOL_GPL(estp_fetch##bits##_user)

FETCH(8);
FETCH(16);
FETCH(32);
FETCH(64);

#define STORE(bits)									\
int estp_store##bits(volatile void *to, u##bits value)					\
{											\
	int err = kernel_range(to, bits / 8);						\
											\
	if (err)									\
		return err;								\
	estp_kernel_store_begin();							\
	err = estp_raw_store##bits(to, value);						\
	estp_kernel_store_end();							\
	return err;									\
}											\
EXPORT_SYMBOL_GPL(estp_store##bits);							\
											\
int estp_store##bits##_user(void __user *to, u##bits value)				\
{											\
	const void __user *p = to;							\
	int err, off = user_begin(&p, bits / 8);					\
											\
	if (off < 0)									\
		return off;								\
	err = estp_raw_store##bits##_user((void __user *)p, value);			\
	user_end(off);									\
	return err;									\
}											\
EXPORT_SYMBOL_GPL(estp_store##bits##_user)

STORE(8);
STORE(16);
STORE(32);
STORE(64);

size_t estp_copy_from(void *to, const void *from, size_t len)
{
	return kernel_range(from, len) ? 0 : estp_raw_copy_from(to, from, len);
}
EXPORT_SYMBOL_GPL(estp_copy_from);

size_t estp_copy_to(void *to, const void *from, size_t len)
{
	if (kernel_range(to, len))
		return 0;
	estp_kernel_store_begin();
	len = estp_raw_copy_to(to, from, len);
	estp_kernel_store_end();
	return len;
}
EXPORT_SYMBOL_GPL(estp_copy_to);

size_t estp_copy_from_user(void *to, const void __user *from, size_t len)
{
	int off = user_begin(&from, len);

	if (off < 0)
		return 0;
	len = estp_raw_copy_from_user(to, from, len);
	user_end(off);
	return len;
}
EXPORT_SYMBOL_GPL(estp_copy_from_user);

size_t estp_copy_to_user(void __user *to, const void *from, size_t len)
{
	const void __user *p = to;
	int off = user_begin(&p, len);

	if (off < 0)
		return 0;
	len = estp_raw_copy_to_user((void __user *)p, from, len);
	user_end(off);
	return len;
}
EXPORT_SYMBOL_GPL(estp_copy_to_user);

/* A string may end just before what it must not reach into: @size is cut there. */
ssize_t estp_strncpy_from(char *to, const char *from, size_t size)
{
	size_t room = estp_arch_kernel_room((unsigned long)from);
	ssize_t len;

	len = estp_raw_strncpy_from(to, from, min(size, room));
	return len == room && room < size ? -EFAULT : len;
}
EXPORT_SYMBOL_GPL(estp_strncpy_from);

ssize_t estp_strncpy_from_user(char *to, const char __user *from, size_t size)
{
	unsigned long address = (unsigned long)untagged_addr(from);
	size_t room = address < TASK_SIZE_MAX ? TASK_SIZE_MAX - address : 0;
	const void __user *p = from;
	int off = user_begin(&p, 0);
	ssize_t len;

	if (off < 0)
		return off;
	len = estp_raw_strncpy_from_user(to, p, min(size, room));
	user_end(off);
	return len == room && room < size ? -EFAULT : len;
}
EXPORT_SYMBOL_GPL(estp_strncpy_from_user);
