// SPDX-License-Identifier: MIT
/*
 * LIFE-10, EVT-5: nothing but unregistration and unmapping ends a registration: not
 * mprotect, the advice values that drop, free, cool, page out or migrate memory, not
 * truncation of the file, writing to it, locking, copy on write, another mapping of
 * it, a collapse into a huge page.
 *
 * Method: pages, entries, a far response and a span over two pages; what each step does
 * to the code is undone where the code would not run otherwise; then list and stats
 * are as before and everything diverts. The twin is munmap at the end, which ends it.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define PAGES	3
#define LEN	(PAGES * page)
#define RWX	(PROT_READ | PROT_WRITE | PROT_EXEC)
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static size_t page;
static int fd = -1;
static u8 *p;
static struct list before;
static struct estp_stats stats_before;

static void write_code(void)
{
	int i;

	for (i = 0; i < PAGES; i++)
		probe_code(p + i * page, VALUE + 0x100 * i);
}

static void arrange(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	struct table t;

	write_code();
	probe_header(p, 0);
	must(!madv_register(p, page));
	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p + page + f->start, INSN_ALIGN, p + 2 * page + f->response[1]);
	table_add(&t, ESTP_FAULT, p + page + 0x10, page, p + 0x20)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
	before = list_own();
	stats_before = stats();
}

static void stays(const char *what)
{
	struct list now = list_own();
	struct estp_stats s = stats();
	bool diverts = !probe_fault(p, VALUE) && probe_load(p + page, NULL) ==
		       PROBE_VALUE(VALUE + 0x200, ESTP_FAULT, 1);

	ok(diverts && list_same(&before, &now) && s.pages == stats_before.pages &&
	   s.sequences == stats_before.sequences, "%s: it diverts, and the list is as before",
	   what);
	list_free(&now);
}

static void protections(void)
{
	static const int prots[] = { PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE };
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(prots); i++) {
		must(!mprotect(p, LEN, prots[i]));
		is(probe_fault(p, VALUE), -1, "twin: mprotect %d: the code does not run", prots[i]);
		must(!mprotect(p, LEN, RWX));
		stays("mprotect and back");
		must(!mprotect(p + page, page, prots[i]));
		must(!mprotect(p + page, page, RWX));
		stays("mprotect of the middle page and back");
	}
	must(!mprotect(p, LEN, PROT_EXEC));
	must(!mprotect(p, LEN, RWX));
	stays("mprotect to execution alone and back");
}

#define A(name) { name, #name, false }
static struct {
	int advice;
	const char *name;
	bool given;		/* for one of the mappings */
} advices[] = {
	A(MADV_DONTNEED), A(MADV_FREE), A(MADV_REMOVE), A(MADV_COLD), A(MADV_PAGEOUT),
	A(MADV_SOFT_OFFLINE), A(MADV_MERGEABLE), A(MADV_UNMERGEABLE), A(MADV_HUGEPAGE),
	A(MADV_DONTFORK), A(MADV_DOFORK), A(MADV_WILLNEED), A(MADV_DONTDUMP), A(MADV_RANDOM),
};
#undef A

static void advise_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(advices); i++) {
		if (madvise(p, LEN, advices[i].advice)) {
			diag("%s: not for this mapping: %s", advices[i].name, strerror(errno));
			continue;
		}
		advices[i].given = true;
		write_code();
		stays(advices[i].name);
	}
}

static void nothing(void *arg)
{
	(void)arg;
}

static void others(void)
{
	must(!mlock(p, LEN));
	stays("mlock");
	must(!munlock(p, LEN));
	stays("munlock");
	must(!msync(p, LEN, MS_SYNC));
	stays("msync");
	run_child(nothing, NULL, 5);
	write_code();
	stays("fork, and writing to what is shared then");
}

static void as_file(void)
{
	u8 *second;

	must(!ftruncate(fd, page));
	must(!ftruncate(fd, LEN));
	write_code();
	stays("truncation to a page and growth");
	must(!ftruncate(fd, 0));
	is(probe_load(p, NULL), PROBE_FAULTED, "twin: truncated, the code does not run");
	must(!ftruncate(fd, LEN));
	write_code();
	stays("truncation to nothing and growth");
	must(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, LEN));
	write_code();
	stays("a hole punched into the file");
	must(pwrite(fd, "zeros", 5, 0) == 5);
	stays("a write to the file");
	second = mmap(NULL, LEN, RWX, MAP_SHARED, fd, 0);
	must(second != MAP_FAILED);
	must(!munmap(second, LEN));
	stays("a second mapping of it, unmapped");
	close(fd);
	stays("the file closed");
}

static void all(const char *name)
{
	diag("%s", name);
	arrange();
	stays("twin: nothing done");
	protections();
	advise_all();
	others();
	if (fd >= 0)
		as_file();
	must(!munmap(p, LEN));
	is(stats().sequences, 0, "twin: munmap ends it all");
	list_free(&before);
}

/* Bytes of the process's memory that are mapped by huge pages. */
static size_t huge_bytes(void)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	size_t sum = 0, kib;
	char line[256];

	must(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "AnonHugePages: %zu kB", &kib) == 1)
			sum += kib << 10;
	fclose(f);
	return sum;
}

/* A whole huge page's range, so that a collapse has something to do. */
static void collapsed(void)
{
	long huge = read_number("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size");
	size_t at_first;
	u8 *room;
	int err;

	if (huge <= 0) {
		skip("this kernel has no huge pages");
		return;
	}
	room = mmap(NULL, 2 * huge, RWX, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(room != MAP_FAILED);
	p = (u8 *)(((u64)room + huge - 1) & ~(huge - 1));
	/* Where the kernel maps huge pages of its own accord, it may be one from its first byte on. */
	at_first = huge_bytes();
	arrange();
	err = madvise(p, huge, MADV_COLLAPSE) ? errno : 0;
	/* Memory of a guest that has been up for a while may not have one left. */
	if (err) {
		skip("MADV_COLLAPSE of %ld bytes: %s", huge, strerror(err));
	} else {
		is(huge_bytes() - at_first, huge, "it is one huge page now");
		stays("collapsed into a huge page");
		must(!mprotect(p, page, PROT_READ | PROT_EXEC));
		is(huge_bytes(), at_first, "and none any more");
		stays("split again");
	}
	list_free(&before);
	must(!munmap(room, 2 * huge));
}

void test(void)
{
	unsigned int i;

	need_estp();
	page = page_size();
	p = pages_new(PAGES);
	all("private memory");

	fd = memfd_create("code", 0);
	must(fd >= 0);
	must(!ftruncate(fd, LEN));
	p = mmap(NULL, LEN, RWX, MAP_SHARED, fd, 0);
	must(p != MAP_FAILED);
	all("a shared file");

	fd = open("/tmp/code", O_RDWR | O_CREAT, 0700);
	must(fd >= 0);
	must(!ftruncate(fd, LEN));
	p = mmap(NULL, LEN, RWX, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	all("a private mapping of a file");
	for (i = 0; i < ARRAY_LEN(advices); i++)
		if (!advices[i].given)
			skip("%s: for none of these mappings on this kernel", advices[i].name);
	collapsed();
}
