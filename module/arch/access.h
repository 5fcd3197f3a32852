/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The page of estp.ko's own text: what an architecture provides in <isa>/access.S.  Which
 * address may be tried has been settled; access_inline.h beside it knows.
 *
 * fetch, store   one access of that width: 0, or -EFAULT; then *value is 0
 * copy           how many bytes were copied, to the byte; the other side's faults are bugs
 * strncpy        length without NUL, size if there was none, -EFAULT
 *
 * With _user: the address is one of user space, and let through (SMAP, PAN).
 */
#ifndef ESTP_ARCH_ACCESS_H
#define ESTP_ARCH_ACCESS_H

#include <linux/compiler.h>
#include <linux/types.h>

extern const char estp_access_page[];

#define ESTP_RAW(bits)									\
	int estp_raw_fetch##bits(const volatile void *from, u##bits *value);		\
	int estp_raw_fetch##bits##_user(const void __user *from, u##bits *value);	\
	int estp_raw_store##bits(volatile void *to, u##bits value);			\
	int estp_raw_store##bits##_user(void __user *to, u##bits value)

ESTP_RAW(8);
ESTP_RAW(16);
ESTP_RAW(32);
ESTP_RAW(64);

size_t estp_raw_copy_from(void *to, const void *from, size_t len);
size_t estp_raw_copy_to(void *to, const void *from, size_t len);
ssize_t estp_raw_strncpy_from(char *to, const char *from, size_t size);
size_t estp_raw_copy_from_user(void *to, const void __user *from, size_t len);
size_t estp_raw_copy_to_user(void __user *to, const void *from, size_t len);
ssize_t estp_raw_strncpy_from_user(char *to, const char __user *from, size_t size);

/*
 * access_inline.h:
 * bool estp_arch_kernel_range(address, len)	all of it is the kernel's, or nobody's
 * size_t estp_arch_kernel_room(address)	so many bytes from there on are
 * estp_kernel_store_begin(), _end()		around stores to the kernel's, which must not sleep
 * bool estp_arch_user_is(mm)			the tables in use for user space are its
 * estp_user_begin(address), estp_user_end()	around _user: no guessing past access_ok()
 */
#if defined(CONFIG_X86_64)
#include "x86_64/access_inline.h"
#elif defined(CONFIG_ARM64)
#include "arm64/access_inline.h"
#endif

#endif /* ESTP_ARCH_ACCESS_H */
