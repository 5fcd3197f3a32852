// SPDX-License-Identifier: MIT
/*
 * What a load or a copy costs that may meet memory which is not there, where all is there.
 *
 *	access [--quick]		cells for bench/table, see bench/access
 *
 * Nothing faults here, so nothing relies on the sequences being registered, and their
 * instructions are the same: the library is told that they are.
 *
 * The other ways are those in use, each complete: value or copy in hand, or an error.
 *
 *	sigsetjmp		before each access; the handler for SIGSEGV and SIGBUS, which
 *				jumps back, was installed once and is not counted.  Either the
 *				signal mask is saved, a system call, or it is not and the
 *				handler has SA_NODEFER
 *	process_vm_readv	of the process's own memory
 *	pipe			write() from there, which fails with EFAULT; read() it back
 *	sigprocmask		asked to read a mask there, on each page, with an operation that
 *				does not exist; then a plain access
 *	mincore, msync		asked whether pages are mapped, which is less than to say
 *				that they can be read; then a plain access
 *
 * The asking ways are wrong if another thread unmaps in between; they are here as what is
 * done.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <estp/access_inline.h>

#include "access.h"
#include "turns.h"

#define ALWAYS_INLINE	static inline __attribute__((always_inline))
#define PAGE		4096ul

static uint64_t words[1024];
static char from[1 << 16] __attribute__((aligned(4096))), to[1 << 16] __attribute__((aligned(4096)));
static volatile uint64_t sink;
static int ends[2];
static __thread sigjmp_buf fault;
static void *(*volatile plain_memcpy)(void *to, const void *from, size_t len) = memcpy;

static void on_fault(int signal)
{
	(void)signal;
	siglongjmp(fault, 1);
}

/* ---- Loads: 0, or -EFAULT ---- */

ALWAYS_INLINE int plain_inline(const void *address, uint64_t *value)
{
	*value = *(const volatile uint64_t *)address;
	return 0;
}

/* With which the compiler must not keep anything in registers. */
#define BY_JUMP(name, mask)							\
static __attribute__((noinline)) int name(const void *address, uint64_t *value)	\
{										\
	if (sigsetjmp(fault, mask))						\
		return -EFAULT;							\
	*value = *(const volatile uint64_t *)address;				\
	return 0;								\
}

BY_JUMP(jump_mask_load, 1)
BY_JUMP(jump_load, 0)

static int vm_load(const void *address, uint64_t *value)
{
	struct iovec here = { value, 8 }, there = { (void *)address, 8 };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 8 ? 0 : -EFAULT;
}

static int pipe_load(const void *address, uint64_t *value)
{
	if (write(ends[1], address, 8) != 8)
		return -EFAULT;
	return read(ends[0], value, 8) == 8 ? 0 : -EFAULT;
}

static bool mask_says_readable(const void *address)
{
	return !syscall(SYS_rt_sigprocmask, ~0, address, NULL, 8) || errno != EFAULT;
}

static int mask_load(const void *address, uint64_t *value)
{
	if (!mask_says_readable(address))
		return -EFAULT;
	return plain_load64(address, value);
}

/* An aligned word is on one page. */
static int mincore_load(const void *address, uint64_t *value)
{
	unsigned char there;

	if (mincore((void *)((uintptr_t)address & -PAGE), PAGE, &there))
		return -EFAULT;
	return plain_load64(address, value);
}

static int msync_load(const void *address, uint64_t *value)
{
	if (msync((void *)((uintptr_t)address & -PAGE), PAGE, MS_ASYNC))
		return -EFAULT;
	return plain_load64(address, value);
}

/* Loads that do not wait for each other; and each that is to load where the last one says. */
#define LOADS(name, load)							\
static void loads_##name(unsigned long turns)					\
{										\
	uint64_t sum = 0, value = 0;						\
										\
	for (unsigned long i = 0; i < turns; i++) {				\
		if (load(&words[i & 1023], &value))				\
			abort();						\
		sum += value;							\
	}									\
	sink = sum;								\
}										\
static void chain_##name(unsigned long turns)					\
{										\
	uint64_t value = (uintptr_t)&words[0];					\
										\
	for (unsigned long i = 0; i < turns; i++)				\
		if (load((const void *)(uintptr_t)value, &value))		\
			abort();						\
	sink = value;								\
}

LOADS(plain, plain_load64)
LOADS(estp, estp_load64)
LOADS(plain_inline, plain_inline)
LOADS(estp_inline, estp_load64_inline)
LOADS(jump_mask, jump_mask_load)
LOADS(jump, jump_load)
LOADS(vm, vm_load)
LOADS(pipe, pipe_load)
LOADS(mask, mask_load)
LOADS(mincore, mincore_load)
LOADS(msync, msync_load)

/* ---- Copies: true, or it could not be read ---- */

ALWAYS_INLINE bool plain_copy(size_t len)
{
	plain_memcpy(to, from, len);
	return true;
}

ALWAYS_INLINE bool estp_copied(size_t len)
{
	return estp_copy(to, from, len) == len;
}

static __attribute__((noinline)) bool jump_mask_copy(size_t len)
{
	if (sigsetjmp(fault, 1))
		return false;
	return plain_copy(len);
}

static __attribute__((noinline)) bool jump_copy(size_t len)
{
	if (sigsetjmp(fault, 0))
		return false;
	return plain_copy(len);
}

static bool vm_copy(size_t len)
{
	struct iovec here = { to, len }, there = { from, len };

	return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == (ssize_t)len;
}

static bool pipe_copy(size_t len)
{
	return write(ends[1], from, len) == (ssize_t)len && read(ends[0], to, len) == (ssize_t)len;
}

static bool mincore_copy(size_t len)
{
	unsigned char there[sizeof(from) / PAGE];

	return !mincore(from, len, there) && plain_copy(len);
}

static bool msync_copy(size_t len)
{
	return !msync(from, len, MS_ASYNC) && plain_copy(len);
}

static bool mask_copy(size_t len)
{
	for (size_t i = 0; i < len; i += PAGE)
		if (!mask_says_readable(from + i))
			return false;
	return plain_copy(len);
}

#define COPIES_OF(name, copy, len)						\
static void copies_##name##_##len(unsigned long turns)				\
{										\
	for (unsigned long i = 0; i < turns; i++)				\
		if (!copy(len))							\
			abort();						\
}
#define COPIES(name, copy)							\
	COPIES_OF(name, copy, 64) COPIES_OF(name, copy, 256) COPIES_OF(name, copy, 1024)	\
	COPIES_OF(name, copy, 4096) COPIES_OF(name, copy, 65536)

COPIES(plain, plain_copy)
COPIES(estp, estp_copied)
COPIES(jump_mask, jump_mask_copy)
COPIES(jump, jump_copy)
COPIES(vm, vm_copy)
COPIES(pipe, pipe_copy)
COPIES(mincore, mincore_copy)
COPIES(msync, msync_copy)
COPIES(mask, mask_copy)

enum { WAY_NR = 9, BASELINE = 1 };
#define LOAD_WAYS(what, plain, estp) {						\
	{ "plain", plain },							\
	{ "ESTP", estp },							\
	{ "sigsetjmp, mask saved", what##_jump_mask },				\
	{ "sigsetjmp", what##_jump },						\
	{ "process_vm_readv", what##_vm },					\
	{ "pipe", what##_pipe },						\
	{ "mincore", what##_mincore },						\
	{ "msync", what##_msync },						\
	{ "sigprocmask", what##_mask },						\
}
#define COPY_WAYS(len) {							\
	{ "plain", copies_plain_##len },					\
	{ "ESTP", copies_estp_##len },						\
	{ "sigsetjmp, mask saved", copies_jump_mask_##len },			\
	{ "sigsetjmp", copies_jump_##len },					\
	{ "process_vm_readv", copies_vm_##len },				\
	{ "pipe", copies_pipe_##len },						\
	{ "mincore", copies_mincore_##len },					\
	{ "msync", copies_msync_##len },					\
	{ "sigprocmask", copies_mask_##len },					\
}

static const struct row {
	const char *name;
	struct way ways[WAY_NR];
	const char *bound;
} rows[] = {
	{ "8-byte load, called", LOAD_WAYS(loads, loads_plain, loads_estp),
	  "estp_load64(), part of the same load behind a call" },
	{ "8-byte load, called, dependent", LOAD_WAYS(chain, chain_plain, chain_estp),
	  "estp_load64(), dependent loads, part of the same behind a call" },
	{ "8-byte load, inline", LOAD_WAYS(loads, loads_plain_inline, loads_estp_inline), NULL },
	{ "8-byte load, inline, dependent",
	  LOAD_WAYS(chain, chain_plain_inline, chain_estp_inline), NULL },
	{ "copy of 64 bytes", COPY_WAYS(64), NULL },
	{ "copy of 256 bytes", COPY_WAYS(256), NULL },
	{ "copy of 1 KiB", COPY_WAYS(1024), NULL },
	{ "copy of 4 KiB", COPY_WAYS(4096), NULL },
	{ "copy of 64 KiB", COPY_WAYS(65536), NULL },
};

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = on_fault, .sa_flags = SA_NODEFER };

	estp_object_error_ = 0;
	for (size_t i = 0; i < 1024; i++)
		words[i] = (uintptr_t)&words[(i * 7 + 1) & 1023];
	memset(from, 1, sizeof(from));
	memset(to, 2, sizeof(to));
	if (pipe(ends) || sigaction(SIGSEGV, &action, NULL) || sigaction(SIGBUS, &action, NULL)) {
		perror("access");
		return 1;
	}
	turns_begin(argc, argv, NULL);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		turns_row(rows[i].name, rows[i].ways, WAY_NR, BASELINE);
		if (rows[i].bound)
			turns_bound(rows[i].bound, "plain", 1.1);
	}
	turns_end();
	return 0;
}
