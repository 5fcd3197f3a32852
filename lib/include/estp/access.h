/* SPDX-License-Identifier: MIT */
/*
 * estp/access.h - access to memory that may not be there
 *
 * A load or a store is one instruction in a FAULT sequence of the library's: memory that
 * cannot be accessed is an answer, not a signal.  No set-up, no signal handler, no system
 * call; an access that succeeds costs what it costs behind any call.
 *
 * Everything here works anywhere: in signal handlers, with signals blocked, in
 * constructors, in a child after fork or vfork; it takes no lock and leaves errno alone.
 * Where the library's sequences are not registered (a kernel without ESTP, or a
 * constructor that runs before the library's own) the same answers are had from system
 * calls, slowly: see estp_load(3).
 *
 * "Cannot be accessed" is NULL, an unmapped or non-canonical address, a mapping without
 * the right, a protection key that denies it to this thread, a page of a mapped file
 * beyond the file's end: what would become SIGSEGV or SIGBUS.  A hardware memory error is
 * not among them.
 */
#ifndef ESTP_ACCESS_H
#define ESTP_ACCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <estp/version.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * estp_load64() - load 8 bytes
 * @address: where from; any value, any alignment
 * @value: where to put them, memory of the caller's; untouched on failure
 *
 * One load: if aligned, it is single-copy atomic and as ordered as a plain load.
 *
 * Return: 0; -EFAULT, one of the bytes cannot be read.  By the slow way also -EPERM or
 * -ENOSYS, process_vm_writev(2) is forbidden or missing: it is not known.
 * Source: SPEC ACC-1, ACC-2, ACC-5.
 */
ESTP_EXPORT int estp_load64(const void *address, uint64_t *value);
/* estp_load32() - 4 bytes */
ESTP_EXPORT int estp_load32(const void *address, uint32_t *value);
/* estp_load16() - 2 bytes */
ESTP_EXPORT int estp_load16(const void *address, uint16_t *value);
/* estp_load8() - 1 byte */
ESTP_EXPORT int estp_load8(const void *address, uint8_t *value);

/**
 * estp_store64() - store 8 bytes
 * @address: where to; any value, any alignment
 * @value: what
 *
 * One store, as ordered as a plain one.  All or nothing; over a page's end on arm64 as long as the
 * mappings do not change meanwhile (ACC-2).
 *
 * Return: 0; -EFAULT, one of the bytes cannot be written: none was.  By the slow way
 * also -EPERM or -ENOSYS, process_vm_readv(2) is forbidden or missing.
 * Source: SPEC ACC-1, ACC-2, ACC-5.
 */
ESTP_EXPORT int estp_store64(void *address, uint64_t value);
/* estp_store32() - 4 bytes */
ESTP_EXPORT int estp_store32(void *address, uint32_t value);
/* estp_store16() - 2 bytes */
ESTP_EXPORT int estp_store16(void *address, uint16_t value);
/* estp_store8() - 1 byte */
ESTP_EXPORT int estp_store8(void *address, uint8_t value);

/**
 * estp_copy() - copy memory as far as it goes
 * @to: where to; any value
 * @from: where from; any value
 * @len: bytes; the two ranges do not overlap
 *
 * From the lowest address upwards.
 *
 * Return: bytes copied: @len, or the number of the first byte that could not be read or
 * could not be written.  Nothing after it has been written, unless mappings or rights changed during the call.
 * Source: SPEC ACC-1, ACC-3, ACC-5.
 */
ESTP_EXPORT size_t estp_copy(void *to, const void *from, size_t len);

/**
 * estp_strnlen() - length of a string, or how far it may be
 * @string: its first byte; any value
 * @max: bytes to look at, at most
 *
 * Return: bytes before the first 0; @max, there is no 0 among @max bytes; -EFAULT, a byte
 * before either cannot be read.  By the slow way also -EPERM or -ENOSYS, as estp_load64().
 * Source: SPEC ACC-1, ACC-4, ACC-5.
 */
ESTP_EXPORT ssize_t estp_strnlen(const char *string, size_t max);

/**
 * estp_readable() - can these bytes be read?
 * @address: the first; any value
 * @len: bytes; of none the answer is yes
 *
 * Reads one byte a page.  What another thread unmaps in the next moment is readable all
 * the same: prefer estp_load64() and estp_copy(), which look and take at once.
 *
 * Return: 1 or 0.  By the slow way 0 also where process_vm_writev(2) is forbidden.
 * Source: SPEC ACC-1, ACC-4, ACC-5.
 */
ESTP_EXPORT int estp_readable(const void *address, size_t len);

/**
 * estp_writable() - can these bytes be written?
 * @address: the first; any value
 * @len: bytes; of none the answer is yes
 *
 * Writes nothing: changes no data, not for an instant, whoever else writes there.  Each
 * page is had as for a store, though: a copy-on-write page becomes the process's own, a
 * page of a file dirty.
 *
 * Return: 1 or 0.
 * Source: SPEC ACC-1, ACC-4, ACC-5.
 */
ESTP_EXPORT int estp_writable(void *address, size_t len);

#ifdef __cplusplus
}
#endif

#endif /* ESTP_ACCESS_H */
