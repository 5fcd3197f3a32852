// SPDX-License-Identifier: MIT
/*
 * LIFE-7, LIFE-8, LIFE-9: mremap to another address, with MREMAP_DONTUNMAP too, counts as
 * unmapping the old one; a registration never moves with its mapping, and is not at
 * the new address; growing in place ends nothing.
 *
 * Method: a probe is moved in each way there is; old and new address are probed, the
 * code being there in both cases where the way leaves it, and the list is read. What
 * is then registered at the new address diverts there. Twin: mremap calls that move
 * nothing.
 */
#include "probe.h"

#define VALUE	0x1000
#define RWX	(PROT_READ | PROT_WRITE | PROT_EXEC)

static size_t page;

static u8 *two_probes(int fd)
{
	u8 *room = mmap(NULL, 8 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *p;

	must(room != MAP_FAILED);
	/* Room behind it, so that it can grow. */
	must(!munmap(room, 8 * page));
	p = mmap(room, 2 * page, RWX, (fd < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED) |
		 MAP_FIXED_NOREPLACE, fd, 0);
	must(p == room);
	probe_code(p, VALUE);
	probe_header(p, 0);
	probe_code(p + page, VALUE + 0x100);
	probe_header(p + page, 0);
	must(!madv_register(p, 2 * page));
	must(!probe_register_table(p, 0));
	is(probe_fault(p, VALUE) | probe_fault(p + page, VALUE + 0x100), 0, "twin: both divert");
	return p;
}

static int new_file(void)
{
	int fd = memfd_create("code", 0);

	must(fd >= 0);
	must(!ftruncate(fd, 4 * page));
	return fd;
}

/* At a new place: there is nothing, until it is registered. */
static void unregistered_at(u8 *p, const char *what)
{
	is(probe_fault(p, VALUE), -1, "%s: the new place does not divert", what);
	is(probe_fault(p + page, VALUE + 0x100), -1, "%s: nor its second page", what);
	is(madv_register(p, 2 * page), 0, "%s: it registers", what);
	is(probe_fault(p, VALUE) | probe_fault(p + page, VALUE + 0x100), 0, "%s: and diverts",
	   what);
	munmap(p, 2 * page);
}

static void moved(int fd, const char *what)
{
	u8 *p = two_probes(fd), *to = mmap(NULL, 2 * page, PROT_NONE,
					   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(mremap(p, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	is(stats().sequences, 0, "%s, moved: nothing is registered", what);
	/* What is put back at the old address is new there. */
	must(mremap(to, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
	unregistered_at(p, "moved there and back");
}

static void moved_in_part(void)
{
	u8 *p = two_probes(-1), *to = pages_new(1);

	must(mremap(p, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, to) == to);
	is(probe_fault(to, VALUE), -1, "one page of two moved: it does not divert there");
	is(probe_fault(p + page, VALUE + 0x100), 0, "the one that stayed diverts");
	is(stats().sequences, ESTP_SELECTOR_NR, "and is all there is");
	munmap(p, 2 * page);
	munmap(to, page);
}

static void dont_unmap(int fd, const char *what)
{
	u8 *p = two_probes(fd), *to;

	to = mremap(p, 2 * page, 2 * page, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	if (to == MAP_FAILED) {
		skip("%s: MREMAP_DONTUNMAP: %s", what, strerror(errno));
		munmap(p, 2 * page);
		return;
	}
	is(stats().sequences, 0, "%s, MREMAP_DONTUNMAP: nothing is registered", what);
	if (fd < 0) {
		/* The old place is there still, empty. */
		memcpy(p, to, 2 * page);
	}
	is(probe_fault(p, VALUE), -1, "the old place does not divert");
	unregistered_at(to, what);
	munmap(p, 2 * page);
}

static void grown(int fd, const char *what)
{
	u8 *p = two_probes(fd), *block, *to;

	must(mremap(p, 2 * page, 4 * page, 0) == p);
	is(probe_fault(p, VALUE) | probe_fault(p + page, VALUE + 0x100), 0,
	   "%s, grown in place: both divert", what);
	must(mremap(p, 4 * page, 4 * page, MREMAP_MAYMOVE) == p);
	is(probe_fault(p, VALUE), 0, "%s, mremap to what it is: it diverts", what);
	must(mremap(p, 4 * page, 2 * page, 0) == p);
	is(probe_fault(p, VALUE) | probe_fault(p + page, VALUE + 0x100), 0,
	   "%s, shrunk to what it was: both divert", what);

	block = mmap(p + 2 * page, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
		     MAP_FIXED_NOREPLACE, -1, 0);
	must(block == p + 2 * page);
	to = mremap(p, 2 * page, 4 * page, MREMAP_MAYMOVE);
	must(to != MAP_FAILED && to != p);
	is(stats().sequences, 0, "%s, grown by moving: nothing is registered", what);
	munmap(to + 2 * page, 2 * page);
	unregistered_at(to, what);
	munmap(block, page);
}

/* Old length 0: a second mapping of the same file; the first one stays. */
static void second_mapping(int fd)
{
	u8 *p = two_probes(fd), *to = mremap(p, 0, 2 * page, MREMAP_MAYMOVE);

	must(to != MAP_FAILED);
	is(probe_fault(p, VALUE) | probe_fault(p + page, VALUE + 0x100), 0,
	   "a second mapping made: the first one diverts");
	unregistered_at(to, "a second mapping");
	is(probe_fault(p, VALUE), 0, "and so it does after the second has gone");
	munmap(p, 2 * page);
}

void test(void)
{
	need_estp();
	page = page_size();
	moved(-1, "private memory");
	moved(new_file(), "a shared file");
	moved_in_part();
	dont_unmap(-1, "private memory");
	dont_unmap(new_file(), "a shared file");
	grown(-1, "private memory");
	grown(new_file(), "a shared file");
	second_mapping(new_file());
}
