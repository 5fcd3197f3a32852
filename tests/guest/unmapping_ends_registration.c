// SPDX-License-Identifier: MIT
/*
 * LIFE-7, LIFE-9: munmap, MAP_FIXED over it, shrinking by mremap or brk, shmdt take the
 * pages concerned out of the set, with each entry that has any page of its span, or its
 * response, there; the same address mapped anew is unregistered, and registers anew.
 *
 * Method: each way of unmapping is applied to one page of three, in turn, in each kind
 * of mapping that knows it; pages, entries and a response elsewhere meet that page or
 * do not. List and faults are compared with what the clause leaves; then the same
 * memory is mapped there again with the same content. The twin is each arrangement
 * before.
 */
#include <sys/ipc.h>
#include <sys/shm.h>
#include <sys/utsname.h>

#include "probe.h"

#define VALUE	0x1000
#define PAGES	3
#define RWX	(PROT_READ | PROT_WRITE | PROT_EXEC)

static size_t page;

/* Mappings of three pages, unmapped in one of several ways. -------------------------- */

struct way {
	const char *name;
	u8 *(*map)(void);
	/* Unmaps page @i of them, or, if @whole_only, all. */
	void (*unmap)(u8 *p, u32 i);
	bool whole_only, from_only;	/* from_only: page i and all behind it */
};

static u8 *map_anon(void)
{
	return pages_new(PAGES);
}

static u8 *map_file(void)
{
	int fd = memfd_create("code", 0);
	u8 *p;

	must(fd >= 0);
	must(!ftruncate(fd, PAGES * page));
	p = mmap(NULL, PAGES * page, RWX, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	close(fd);
	return p;
}

static u8 *map_shm(void)
{
	int id = shmget(IPC_PRIVATE, PAGES * page, IPC_CREAT | 0700);
	u8 *p;

	must(id >= 0);
	p = shmat(id, NULL, SHM_EXEC);
	must(p != (void *)-1);
	must(!shmctl(id, IPC_RMID, NULL));
	return p;
}

static u8 *map_brk(void)
{
	u64 top = (u64)sbrk(0);
	u8 *p;

	/* The heap may end anywhere in a page. */
	p = (u8 *)((top + page - 1) & ~(page - 1));
	must(!brk(p + PAGES * page));
	must(!mprotect(p, PAGES * page, RWX));
	return p;
}

static void by_munmap(u8 *p, u32 i)
{
	must(!munmap(p + i * page, page));
}

static void by_map_fixed(u8 *p, u32 i)
{
	must(mmap(p + i * page, page, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     p + i * page);
}

static void by_map_none(u8 *p, u32 i)
{
	must(mmap(p + i * page, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		  0) == p + i * page);
}

/* Another mapping is moved over it. */
static void by_mremap_over(u8 *p, u32 i)
{
	u8 *other = pages_new(1);

	must(mremap(other, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, p + i * page) ==
	     p + i * page);
}

static void by_mremap_shrink(u8 *p, u32 i)
{
	if (i)
		must(mremap(p, PAGES * page, i * page, 0) == p);
	else
		must(!munmap(p, PAGES * page));
}

static void by_brk(u8 *p, u32 i)
{
	must(!brk(p + i * page));
}

static void by_shmdt(u8 *p, u32 i)
{
	(void)i;
	must(!shmdt(p));
}

static const struct way ways[] = {
	{ "munmap", map_anon, by_munmap },
	{ "munmap of a shared file", map_file, by_munmap },
	{ "MAP_FIXED", map_anon, by_map_fixed },
	{ "MAP_FIXED over a shared file", map_file, by_map_fixed },
	{ "PROT_NONE mapped over it", map_anon, by_map_none },
	{ "mremap of another mapping over it", map_file, by_mremap_over },
	{ "mremap to less", map_anon, by_mremap_shrink, .from_only = true },
	{ "mremap of a shared file to less", map_file, by_mremap_shrink, .from_only = true },
	{ "brk", map_brk, by_brk, .from_only = true },
	{ "shmdt", map_shm, by_shmdt, .whole_only = true },
};

/* What is registered there -------------------------------------------------------------- */

static const struct {
	u32 first, last, response;
	u32 start, length;
} entries[] = {
	{ 0, 0, 0, 0x10, 4 },
	{ 0, 0, 2, 0x20, 4 },
	{ 1, 1, 0, 0x30, 4 },
	{ 2, 2, 1, 0x40, 4 },
	{ 0, 1, 0, TABLE_PAGE - 4, 8 },
	{ 1, 2, 2, TABLE_PAGE - 8, 0x10 },
	{ 0, 2, 1, TABLE_PAGE - 0x10, TABLE_PAGE + 0x20 },
};

static void arrange(u8 *p)
{
	struct table t;
	u32 i;

	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE + 0x100 * i);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, PAGES * page));
	table_init(&t, p);
	for (i = 0; i < ARRAY_LEN(entries); i++)
		table_add(&t, ESTP_FAULT, p + entries[i].first * page + in_pages(entries[i].start),
			  in_pages(entries[i].length), p + entries[i].response * page + 0x80)
			->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
}

/*
 * Is the list that of everything but what touches pages [from, to)?  Of these, @again are
 * ESTP pages anew.
 */
static bool left_without(u8 *p, u32 from, u32 to, u32 again)
{
	struct list list = list_own();
	bool right = true;
	u32 i, want = 0;

	for (i = 0; i < ARRAY_LEN(entries); i++) {
		bool goes = (entries[i].first < to && entries[i].last >= from) ||
			    (entries[i].response >= from && entries[i].response < to);

		want += !goes;
		right &= goes != list_has(&list, ESTP_FAULT,
					  p + entries[i].first * page +
					  in_pages(entries[i].start),
					  in_pages(entries[i].length),
					  p + entries[i].response * page + 0x80);
	}
	want += ESTP_SELECTOR_NR * (PAGES - (to - from) + again);
	right &= list.nr == want;
	if (list.nr != want)
		diag("%u in the list, should be %u", list.nr, want);
	list_free(&list);
	return right;
}

static void try(const struct way *way, u32 which)
{
	u8 *p = way->map();
	u32 from = way->whole_only ? 0 : which,
	    to = way->whole_only || way->from_only ? PAGES : which + 1, i;
	bool right;

	arrange(p);
	right = left_without(p, 0, 0, 0);
	for (i = 0; i < PAGES; i++)
		right &= !probe_fault(p + i * page, VALUE + 0x100 * i);
	if (!right)
		bail("the arrangement is not there");

	way->unmap(p, which);
	ok(left_without(p, from, to, 0), "%s, pages %u to %u: what touches them is gone",
	   way->name, from, to);
	for (i = 0, right = true; i < PAGES; i++)
		if (i < from || i >= to)
			right &= !probe_fault(p + i * page, VALUE + 0x100 * i);
	ok(right, "the other pages divert");

	/* The same address, with the same content. */
	for (i = from; i < to; i++) {
		by_map_fixed(p, i);
		probe_code(p + i * page, VALUE + 0x100 * i);
		probe_header(p + i * page, 0);
	}
	for (i = from, right = true; i < to; i++)
		right &= probe_fault(p + i * page, VALUE + 0x100 * i) == -1;
	ok(right && left_without(p, from, to, 0), "mapped anew: it is unregistered");
	right = !madv_register(p + from * page, (to - from) * page);
	for (i = 0; i < PAGES; i++)
		right &= !probe_fault(p + i * page, VALUE + 0x100 * i);
	ok(right, "it registers, and diverts");
	ok(left_without(p, from, to, to - from), "but no entry that had ended comes back");
	munmap(p, PAGES * page);
	is(stats().sequences, 0, "all unmapped: nothing is left");
}

/* A huge page: ESTP pages inside, unmapped as one. */
static size_t huge_len(void)
{
	FILE *f = fopen("/proc/meminfo", "re");
	unsigned long kib = 2 << 10;
	char line[128];

	must(f);
	while (fgets(line, sizeof(line), f))
		sscanf(line, "Hugepagesize: %lu", &kib);
	fclose(f);
	return kib << 10;
}

static void huge(void)
{
	size_t len = huge_len();
	FILE *f = fopen("/proc/sys/vm/nr_hugepages", "we");
	struct utsname u;
	u8 *p;

	if (!f) {
		skip("this kernel has no huge pages to map");
		return;
	}
	fprintf(f, "2\n");
	fclose(f);
	p = mmap(NULL, len, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	if (p == MAP_FAILED) {
		skip("no huge page: %s", strerror(errno));
		return;
	}
	probe_code(p + 7 * page, VALUE);
	probe_header(p + 7 * page, 0);
	must(!uname(&u));
	if (!strncmp(u.release, "6.1.", 4)) {
		is(madv_register(p + 7 * page, page), -EACCES, "6.1: a page inside a huge page is refused (LIM-36)");
		return;
	}
	is(madv_register(p + 7 * page, page), 0, "a page inside a huge page");
	is(probe_fault(p + 7 * page, VALUE), 0, "it diverts");
	must(!munmap(p, len));
	is(stats().sequences, 0, "the huge page unmapped: it is gone");
	must(mmap(p, len, RWX, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
	probe_code(p + 7 * page, VALUE);
	probe_header(p + 7 * page, 0);
	is(probe_fault(p + 7 * page, VALUE), -1, "mapped anew: it is unregistered");
}

void test(void)
{
	u32 i, which;

	need_estp();
	page = page_size();
	for (i = 0; i < ARRAY_LEN(ways); i++)
		for (which = 0; which < (ways[i].whole_only ? 1 : PAGES); which++)
			try(&ways[i], which);
	huge();
}
