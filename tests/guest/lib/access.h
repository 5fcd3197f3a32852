/* SPDX-License-Identifier: MIT */
/*
 * What the tests of estp/access.h share: memory that cannot be accessed, of each kind, and
 * a foreign handler that must never be called.
 *
 * Every place is two pages, the first good and the second bad, or the other way round: so
 * that an access can lie in the bad one or reach into it.
 */
#ifndef TEST_ACCESS_H
#define TEST_ACCESS_H

#include <estp/access.h>
#include <estp/object.h>

#include "harness.h"
#include "probe.h"

#define PAGE page_size()
/* The largest that it can be. */
#define PAGE_MAX 65536

/* What is left of a page's rights. */
enum { NO_READ = 1, NO_WRITE = 2 };

struct bad_kind {
	const char *name;
	int denied;
	/* Makes one page bad; false where the machine cannot. */
	bool (*spoil)(u8 *page);
};

static inline bool spoil_unmap(u8 *page)
{
	must(!munmap(page, PAGE));
	return true;
}

static inline bool spoil_none(u8 *page)
{
	must(!mprotect(page, PAGE, PROT_NONE));
	return true;
}

static inline bool spoil_read_only(u8 *page)
{
	must(!mprotect(page, PAGE, PROT_READ));
	return true;
}

/* A page of a mapped file, which is then cut off. */
static inline bool spoil_truncate(u8 *page)
{
	int fd = memfd_create("cut", MFD_CLOEXEC);

	must(fd >= 0 && !ftruncate(fd, PAGE));
	must(mmap(page, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == page);
	page[0] = 1;
	must(!ftruncate(fd, 0));
	close(fd);
	return true;
}

static int key_no_access = -1, key_no_write = -1;

static inline bool spoil_by_key(u8 *page, int *key, unsigned int rights)
{
	if (*key < 0)
		*key = pkey_alloc(0, rights);
	if (*key < 0)
		return false;
	memset(page, 1, PAGE);
	must(!pkey_mprotect(page, PAGE, PROT_READ | PROT_WRITE, *key));
	return true;
}

static inline bool spoil_key_access(u8 *page)
{
	return spoil_by_key(page, &key_no_access, PKEY_DISABLE_ACCESS);
}

static inline bool spoil_key_write(u8 *page)
{
	return spoil_by_key(page, &key_no_write, PKEY_DISABLE_WRITE);
}

static const struct bad_kind bad_kinds[] = {
	{ "unmapped", NO_READ | NO_WRITE, spoil_unmap },
	{ "PROT_NONE", NO_READ | NO_WRITE, spoil_none },
	{ "read-only", NO_WRITE, spoil_read_only },
	{ "truncated file", NO_READ | NO_WRITE, spoil_truncate },
	{ "protection key, no access", NO_READ | NO_WRITE, spoil_key_access },
	{ "protection key, no write", NO_WRITE, spoil_key_write },
};

/* @nr good pages, readable and writable, in the middle of nothing. */
static inline u8 *good_pages(size_t nr)
{
	u8 *mem = mmap(NULL, (nr + 2) * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(mem != MAP_FAILED);
	must(!mprotect(mem + PAGE, nr * PAGE, PROT_READ | PROT_WRITE));
	return mem + PAGE;
}

static inline void free_pages(u8 *mem, size_t nr)
{
	must(!munmap(mem - PAGE, (nr + 2) * PAGE));
}

static volatile unsigned int foreign_nr;

/* Somebody else's: that it runs at all is the failure. */
static inline void foreign_handler(int sig)
{
	static const char text[] = "not ok - a signal handler was called\n";

	foreign_nr++;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

static inline void foreign_handlers(void)
{
	struct sigaction sa = { .sa_handler = foreign_handler };

	must(!sigaction(SIGSEGV, &sa, NULL) && !sigaction(SIGBUS, &sa, NULL));
}

/* How often the kernel diverted; 0 for ever without the module. */
static inline u64 faults_so_far(void)
{
	return estp_object_error() ? 0 : diverted(ESTP_FAULT);
}

#endif
