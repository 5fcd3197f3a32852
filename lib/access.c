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
 * The calls stop within a page only at its end, so each is asked for bytes of one page; but where
 * the thread's accesses are checked for memory tags (MTE), so are the kernel's for it, and they stop anywhere.
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
#include "granule.h"

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

/* Bytes from @address to the next multiple of @size, at most @len. */
static size_t within(size_t size, const void *address, size_t len)
{
	size_t left = size - ((uintptr_t)address & (size - 1));

	return left < len ? left : len;
}

/* One call: how many bytes moved, or a negative errno. */
static ssize_t move_once(long call, const void *local, const void *remote, size_t len)
{
	struct iovec l = { (void *)local, len }, r = { (void *)remote, len };
	int saved = errno;
	ssize_t moved;

	/* The thread's id: the process's is gone with its first thread. */
	moved = syscall(call, syscall(SYS_gettid), &l, 1, &r, 1, 0);
	if (moved < 0)
		moved = -errno;
	errno = saved;
	return moved;
}

/*
 * How many of @len bytes moved, up to the first that cannot; a negative errno, where none did.
 * The kernel counts too few where it did not come to the end: then it is asked for each granule.
 */
static ssize_t move(long call, const char *local, const char *remote, size_t len)
{
	ssize_t moved = move_once(call, local, remote, len);
	size_t done, part;

	if (moved == (ssize_t)len || (moved < 0 && moved != -EFAULT))
		return moved;
	if (within(GRANULE, local, len) == len)
		return -EFAULT;
	for (done = 0; done < len; done += part) {
		part = within(GRANULE, local + done, len - done);
		if (move_once(call, local + done, remote + done, part) != (ssize_t)part)
			break;
	}
	return done ? (ssize_t)done : -EFAULT;
}

static ssize_t get(void *own, const void *address, size_t len)
{
	return move(SYS_process_vm_writev, address, own, len);
}

static ssize_t put(void *address, const void *own, size_t len)
{
	return move(SYS_process_vm_readv, address, own, len);
}

/* Of what get() or put() said: 0, if it was all of @len bytes. */
static int all_or_error(ssize_t moved, size_t len)
{
	if (moved < 0)
		return moved;
	return (size_t)moved == len ? 0 : -EFAULT;
}

int estp_slow_load(const void *address, void *value, size_t len)
{
	uint64_t own = 0;
	int error = all_or_error(get(&own, address, len), len);

	if (!error)
		memcpy(value, &own, len);
	return error;
}

/*
 * Little-endian: the first bytes of the value are the ones to store.  Over a granule's end
 * two calls are needed; the second granule is asked first, for all or nothing: whether it may be
 * written to, and, by a load, whether it has the tag.
 */
int estp_slow_store(void *address, uint64_t value, size_t len)
{
	size_t first = within(GRANULE, address, len), rest = len - first;
	char *second = (char *)address + first;
	uint64_t own;
	int error;

	if (rest && (!estp_slow_writable(second, rest) || all_or_error(get(&own, second, rest), rest)))
		return -EFAULT;
	error = all_or_error(put(address, &value, first), first);
	if (!error && rest)
		error = all_or_error(put(second, (char *)&value + first, rest), rest);
	return error;
}

/* Through memory of our own, since either side may be doubtful; few bytes, for small stacks. */
size_t estp_slow_copy(void *to, const void *from, size_t len)
{
	char own[512] = { 0 };
	size_t done = 0, part;
	ssize_t moved;

	while (done < len) {
		part = within(PAGE, (const char *)from + done, len - done);
		part = within(PAGE, (char *)to + done, part);
		if (part > sizeof(own))
			part = sizeof(own);
		moved = get(own, (const char *)from + done, part);
		if (moved > 0)
			moved = put((char *)to + done, own, moved);
		if (moved > 0)
			done += moved;
		if (moved != (ssize_t)part)
			break;
	}
	return done;
}

ssize_t estp_slow_strnlen(const char *string, size_t max)
{
	char own[512] = { 0 }, *end;
	size_t done = 0, part;
	ssize_t moved;

	while (done < max) {
		part = within(PAGE, string + done, max - done);
		if (part > sizeof(own))
			part = sizeof(own);
		moved = get(own, string + done, part);
		if (moved < 0)
			return moved;
		end = memchr(own, 0, moved);
		if (end)
			return done + (end - own);
		if ((size_t)moved != part)
			return -EFAULT;
		done += part;
	}
	return max;
}

static int page_readable(const void *address)
{
	char own = 0;

	return get(&own, address, 1) == 1;
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
