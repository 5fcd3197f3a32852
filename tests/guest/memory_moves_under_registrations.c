// SPDX-License-Identifier: MIT
/*
 * LIFE-10, EVT-5, REG-15: what the kernel does to registered memory behind the program's back,
 * and what other processes write to it, changes nothing: merging of equal pages (KSM),
 * compaction, migration, process_vm_writev, /proc/PID/mem.
 *
 * Method: pages of probes, looked at by /proc/self/pagemap, which tells that the memory has
 * in fact been merged, parted, moved; after each step everything diverts as before, and the
 * kernel's list is the same. Another process overwrites the headers; the twin of that is
 * that registering again is now refused. What moved none is skipped, not passed.
 *
 * vm: --timeout 200
 * alone: whether the kernel finds memory to move hangs on what others have left of it
 */
#include <fcntl.h>
#include <sys/uio.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define PAGES	8
#define KSM	"/sys/kernel/mm/ksm/"
#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE 101
#endif

static size_t page;
static u8 *p;
static struct list before;

/* The frames that hold @n pages now; 0: none. */
static void frames(const void *at, size_t n, u64 *to)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	size_t i;

	must(fd >= 0);
	must(pread(fd, to, 8 * n, (u64)at / page * 8) == (ssize_t)(8 * n));
	close(fd);
	for (i = 0; i < n; i++)
		to[i] = to[i] >> 63 ? to[i] & ((1ull << 55) - 1) : 0;
}

static u64 frame(const void *at)
{
	u64 one;

	frames(at, 1, &one);
	return one;
}

static void holds(const char *what)
{
	struct list after = list_own();
	int i, selector, wrong = 0;

	for (i = 0; i < PAGES; i++)
		wrong += probe_fault(p + i * page, VALUE) != 0;
	for (selector = 0; selector < ESTP_SELECTOR_NR; selector++)
		if (selector != ESTP_PREEMPTION || cpus_nr() > 1)
			wrong += probe(p, VALUE, selector) != 0;
	is(wrong, 0, "%s: everything diverts", what);
	ok(list_same(&before, &after), "%s: the list is the same", what);
	list_free(&after);
}

static void merging(void)
{
	u64 first;

	if (access(KSM "run", W_OK)) {
		skip("this kernel has no KSM");
		return;
	}
	must(!write_file(KSM "sleep_millisecs", "1"));
	must(!write_file(KSM "pages_to_scan", "1000"));
	must(!madvise(p, PAGES * page, MADV_MERGEABLE));
	must(!write_file(KSM "run", "1"));
	ok(wait_until(frame(p + page) && frame(p + page) == frame(p + 2 * page), 10000),
	   "equal pages have been merged");
	holds("merged");
	/* A write parts them again; the byte is the last one, which nothing looks at. */
	first = frame(p + page);
	p[2 * page - 1] ^= 1;
	ok(frame(p + page) && frame(p + page) != first, "a write has parted one");
	holds("parted");
	p[2 * page - 1] ^= 1;
	must(!write_file(KSM "run", "2"));
	holds("all parted");
	must(!write_file(KSM "run", "0"));
}

/*
 * Gives back @n pages of the @len bytes at @m: those whose frames are the lowest. What was given back last is
 * given out first.
 */
static void free_lowest(u8 *m, size_t len, int n)
{
	size_t pages = len / page, i, best;
	u64 *of = malloc(8 * pages);

	must(of);
	frames(m, pages, of);
	for (; n; n--) {
		for (i = best = 0; i < pages; i++)
			if (of[i] && (!of[best] || of[i] < of[best]))
				best = i;
		must(!madvise(m + best * page, page, MADV_DONTNEED));
		of[best] = 0;
	}
	free(of);
}

/*
 * Compaction carries pages from the low end of a zone to free frames at its high end. So the
 * registered ones are put into low frames first, while other memory fills what is above them,
 * and that is given back.
 */
static void compaction(void)
{
	size_t len = 96ul << 20;
	u8 copy[PAGES][page];
	u64 was[PAGES];
	int tries, i, moved = 0;

	if (access("/proc/sys/vm/compact_memory", W_OK)) {
		skip("this kernel does not compact");
		return;
	}
	pin(0);
	for (tries = 0; tries < 5 && !moved; tries++) {
		u8 *m = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(m != MAP_FAILED);
		/* A kernel without huge pages (RT) does not know the word. */
		must(!madvise(m, len, MADV_NOHUGEPAGE) || errno == EINVAL);
		memset(m, 1, len);
		for (i = 0; i < PAGES; i++) {
			memcpy(copy[i], p + i * page, page);
			must(!madvise(p + i * page, page, MADV_DONTNEED));
		}
		free_lowest(m, len, PAGES);
		for (i = 0; i < PAGES; i++) {
			memcpy(p + i * page, copy[i], page);
			was[i] = frame(p + i * page);
		}
		munmap(m, len);
		must(!write_file("/proc/sys/vm/compact_memory", "1"));
		for (i = 0; i < PAGES; i++)
			moved += frame(p + i * page) != was[i];
	}
	ok(moved, "compaction has moved %d of %d registered pages", moved, PAGES);
	holds("compacted");
}

static void migration(void)
{
	u64 was = frame(p);

	if (madvise(p, page, MADV_SOFT_OFFLINE)) {
		skip("no soft offlining here: %s", strerror(errno));
		return;
	}
	ok(frame(p) && frame(p) != was, "the page has moved to another frame");
	holds("moved");
}

/* By another process, into the headers. */
static void write_vm(void *arg)
{
	u64 word = 0x1111111111111111;
	struct iovec from = { &word, 8 }, to = { arg, 8 };

	_exit(process_vm_writev(getppid(), &from, 1, &to, 1, 0) != 8);
}

static void write_mem(void *arg)
{
	u64 word = 0x2222222222222222;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", getppid());
	fd = open(path, O_WRONLY | O_CLOEXEC);
	_exit(fd < 0 || pwrite(fd, &word, 8, (off_t)arg) != 8);
}

static void writers(void)
{
	static const struct {
		const char *name;
		void (*fn)(void *arg);
	} way[] = { { "process_vm_writev", write_vm }, { "/proc/PID/mem", write_mem } };
	u64 header = *(u64 *)p;
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(way); i++) {
		int status = run_child(way[i].fn, p, 10);

		ok(exited_with(status, 0) && *(u64 *)p != header, "%s has overwritten a header",
		   way[i].name);
		holds(way[i].name);
		is(madv_register(p, page), -ENOEXEC, "twin: who registers it now is told");
		holds("refused");
		*(u64 *)p = header;
	}
}

void test(void)
{
	int i;

	need_estp();
	page = page_size();
	p = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, PAGES * page));
	before = list_own();
	holds("at first");
	merging();
	compaction();
	migration();
	writers();
	must(!madv_unregister(p, PAGES * page));
	is(probe_fault(p, VALUE), -1, "twin: unregistered it does not divert");
}
