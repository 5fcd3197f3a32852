// SPDX-License-Identifier: MIT
/*
 * Access to memory that may not be there, by system calls.
 *
 *   read    process_vm_writev on oneself: *from* the address, to memory of our own
 *   write   process_vm_readv on oneself: *to* the address, from memory of our own
 *   could be written?   FUTEX_WAKE_OP: the kernel ors 0 into the word, atomically
 *
 * The doubtful address is always the local side of the call.  The kernel accesses that
 * with the thread's own rights, protection keys included; the remote side it does not.
 *
 * The calls stop within a page only at its end, so each is asked for bytes of one page.
 *
 * estp/object.h's constructor, which registers the sequences of the fast way, is in this
 * unit; they refer to it, so that who links them has it.
 */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <estp/access.h>
#include <estp/object.h>

#include "access_slow.h"

/* Of the kernel's header, which a C library need not bring (musl): its numbers are ABI. */
#ifndef FUTEX_WAKE_OP
#define FUTEX_WAKE_OP		5
#define FUTEX_PRIVATE_FLAG	128
#define FUTEX_OP_OR		2
#define FUTEX_OP_CMP_LT		2
#define FUTEX_OP(op, oparg, cmp, cmparg) \
	(((op) & 0xf) << 28 | ((cmp) & 0xf) << 24 | ((oparg) & 0xfff) << 12 | ((cmparg) & 0xfff))
#endif

/* The smallest there is; where pages are larger it only costs calls. */
#define PAGE	4096ul

/* Bytes from @address to the end of its page, at most @len. */
static size_t in_page(const void *address, size_t len)
{
	size_t left = PAGE - ((uintptr_t)address & (PAGE - 1));

	return left < len ? left : len;
}

/* 0 if all of @len bytes moved, else a negative errno. */
static int move(long call, const void *local, const void *remote, size_t len)
{
	struct iovec l = { (void *)local, len }, r = { (void *)remote, len };
	int saved = errno, error = 0;
	long moved;

	/* The thread's id: the process's is gone with its first thread. */
	moved = syscall(call, syscall(SYS_gettid), &l, 1, &r, 1, 0);
	if (moved < 0)
		error = -errno;
	else if ((size_t)moved != len)
		error = -EFAULT;
	errno = saved;
	return error;
}

static int get(void *own, const void *address, size_t len)
{
	return move(SYS_process_vm_writev, address, own, len);
}

static int put(void *address, const void *own, size_t len)
{
	return move(SYS_process_vm_readv, address, own, len);
}

int estp_slow_load(const void *address, void *value, size_t len)
{
	uint64_t own = 0;
	int error = get(&own, address, len);

	if (!error)
		memcpy(value, &own, len);
	return error;
}

/*
 * Little-endian: the first bytes of the value are the ones to store.  Over a page's end
 * two calls are needed; the second page is asked first, for all or nothing.
 */
int estp_slow_store(void *address, uint64_t value, size_t len)
{
	size_t first = in_page(address, len);
	int error;

	if (first < len && !estp_slow_writable((char *)address + first, len - first))
		return -EFAULT;
	error = put(address, &value, first);
	if (!error && first < len)
		error = put((char *)address + first, (char *)&value + first, len - first);
	return error;
}

/* Through memory of our own, since either side may be doubtful; few bytes, for small stacks. */
size_t estp_slow_copy(void *to, const void *from, size_t len)
{
	char own[512] = { 0 };
	size_t done = 0, part;

	while (done < len) {
		part = in_page((const char *)from + done, len - done);
		part = in_page((char *)to + done, part);
		if (part > sizeof(own))
			part = sizeof(own);
		if (get(own, (const char *)from + done, part) || put((char *)to + done, own, part))
			break;
		done += part;
	}
	return done;
}

ssize_t estp_slow_strnlen(const char *string, size_t max)
{
	char own[512] = { 0 }, *end;
	size_t done = 0, part;
	int error;

	while (done < max) {
		part = in_page(string + done, max - done);
		if (part > sizeof(own))
			part = sizeof(own);
		error = get(own, string + done, part);
		if (error)
			return error;
		end = memchr(own, 0, part);
		if (end)
			return done + (end - own);
		done += part;
	}
	return max;
}

static int page_readable(const void *address)
{
	char own = 0;

	return !get(&own, address, 1);
}

/*
 * A comparison that seldom holds, and where it does wakes a waiter that has to be ready to
 * be woken for nothing (futex(2)).  EINVAL comes after the access: a waiter of another kind.
 */
static int page_writable(const void *address)
{
	uint32_t own = 0, *word = (uint32_t *)((uintptr_t)address & ~3ul);
	int op = FUTEX_OP(FUTEX_OP_OR, 0, FUTEX_OP_CMP_LT, -2048);
	int saved = errno, writable;

	writable = syscall(SYS_futex, &own, FUTEX_WAKE_OP | FUTEX_PRIVATE_FLAG, 0, 0, word, op) >= 0 ||
		   errno == EINVAL;
	errno = saved;
	return writable;
}

static int each_page(const void *address, size_t len, int (*test)(const void *address))
{
	uintptr_t at = (uintptr_t)address, last = at + len - 1;

	if (!len)
		return 1;
	if (last < at)
		return 0;
	for (;;) {
		if (!test((const void *)at))
			return 0;
		at |= PAGE - 1;
		if (at >= last)
			return 1;
		at++;
	}
}

int estp_slow_readable(const void *address, size_t len)
{
	return each_page(address, len, page_readable);
}

int estp_slow_writable(void *address, size_t len)
{
	return each_page(address, len, page_writable);
}
