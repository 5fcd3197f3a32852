/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * linux/estp.h - ESTP inside the kernel, for other modules
 *
 * Part one: access to memory that may not be there, ready made.  Part two: pages of one's
 * own (linux/estp_page.h).  Both are provided by estp.ko; doc/kernel-api.md explains.
 *
 * Source: SPEC KRN.
 */
#ifndef _LINUX_ESTP_H
#define _LINUX_ESTP_H

#include <linux/compiler.h>
#include <linux/module.h>
#include <linux/types.h>

/* ---- Access ------------------------------------------------------------------------ */

/**
 * estp_fetch8() - one load of 8 bits from an address that may be any
 * @from: kernel address, also of a device's registers; any alignment that the machine loads
 * @value: set to what is there, to 0 where nothing is
 *
 * Exactly one load instruction of that width, without any barrier.
 *
 * Context: any, NMI included.
 * Return: 0; -EFAULT, the load faulted, or @from is an address of user space.
 * Source: SPEC KRN-9, KRN-10.
 */
int estp_fetch8(const volatile void *from, u8 *value);
int estp_fetch16(const volatile void *from, u16 *value);
int estp_fetch32(const volatile void *from, u32 *value);
int estp_fetch64(const volatile void *from, u64 *value);

/* estp_store8() - one store, else as estp_fetch8(); not to text or data that is read-only */
int estp_store8(volatile void *to, u8 value);
int estp_store16(volatile void *to, u16 value);
int estp_store32(volatile void *to, u32 value);
int estp_store64(volatile void *to, u64 value);

/**
 * estp_copy_from() - copy from kernel memory that may end
 * @to: memory of one's own: a fault there is a bug, and is treated as one
 * @from: kernel address
 * @len: bytes
 *
 * Context: any, NMI included.
 * Return: how many bytes were copied, from the first on; less than @len: the next one
 * cannot be read.  0 if part of the range is in user space.
 * Source: SPEC KRN-9, KRN-11.
 */
size_t estp_copy_from(void *to, const void *from, size_t len);
/* estp_copy_to() - likewise; it is the store that may fault */
size_t estp_copy_to(void *to, const void *from, size_t len);

/**
 * estp_strncpy_from() - copy a string from kernel memory that may end
 * @to: at least @size bytes
 * @from: kernel address
 * @size: most bytes to copy, the NUL included
 *
 * Context: any, NMI included.
 * Return: its length without NUL; @size if there was none, and @to then has none; -EFAULT
 * if a byte cannot be read before there was one.
 * Source: SPEC KRN-9, KRN-11.
 */
ssize_t estp_strncpy_from(char *to, const char *from, size_t size);

/*
 * The same for addresses of user space, which alone they take: those of current's address
 * space, or of the one that a kernel thread has borrowed (kthread_use_mm()).
 *
 * Context: any but NMI, and but where address spaces or tasks are being switched: there they refuse.  Memory that is not present is brought in, which may sleep; it counts as not there with page
 * faults disabled, interrupts off, in an interrupt and in RCU readers that can be preempted.  Elsewhere where sleeping is
 * not allowed (a lock is held), call pagefault_disable() before.
 * Source: SPEC KRN-12.
 */
int estp_fetch8_user(const void __user *from, u8 *value);
int estp_fetch16_user(const void __user *from, u16 *value);
int estp_fetch32_user(const void __user *from, u32 *value);
int estp_fetch64_user(const void __user *from, u64 *value);
int estp_store8_user(void __user *to, u8 value);
int estp_store16_user(void __user *to, u16 value);
int estp_store32_user(void __user *to, u32 value);
int estp_store64_user(void __user *to, u64 value);
size_t estp_copy_from_user(void *to, const void __user *from, size_t len);
size_t estp_copy_to_user(void __user *to, const void *from, size_t len);
ssize_t estp_strncpy_from_user(char *to, const char __user *from, size_t size);

/* ---- Pages ------------------------------------------------------------------------- */

/**
 * estp_kernel_register() - register an ESTP page of one's own text
 * @page: what estp_page of linux/estp_page.h made
 *
 * From its return on a fault of an instruction in one of its FAULT spans, on any CPU and in
 * any context, goes on at the response.  What is refused is told in the log, with the
 * reason.
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL, @page is misaligned; -EACCES, it is not part of the calling module's
 * text, or of its text for initialisation only; -EOPNOTSUPP, a descriptor is not FAULT;
 * -ENOEXEC, malformed; -EEXIST, registered already; -EBUSY, the module is being unloaded;
 * -ENOMEM.
 * Source: SPEC KRN-1 to KRN-5.
 */
#define estp_kernel_register(page)	__estp_kernel_register(THIS_MODULE, page)

/**
 * estp_kernel_unregister() - take it back
 *
 * The caller sees to it that no code is in its spans, nor will be.  What the module leaves behind when it is
 * unloaded, or fails to load, is taken back for it.
 *
 * Context: process; sleeps, for a grace period.
 * Return: 0; -ENOENT, it is not registered, or not this module's.
 * Source: SPEC KRN-6.
 */
#define estp_kernel_unregister(page)	__estp_kernel_unregister(THIS_MODULE, page)

int __estp_kernel_register(struct module *owner, const void *page);
int __estp_kernel_unregister(struct module *owner, const void *page);

#endif /* _LINUX_ESTP_H */
