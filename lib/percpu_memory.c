// SPDX-License-Identifier: MIT
/*
 * Memory of each CPU's own
 *
 * It comes in areas. An area has a stride for each possible CPU, all laid out alike, so
 * one map of granules, cache lines, serves them all:
 *
 *	base - 2 strides		base			base + nr strides
 *	| PROT_NONE | PROT_NONE | CPU 0 | CPU 1 | ...	  |
 *
 * The two in front are where numbers -1 and -2 lead to. Areas are never given back, the
 * pages of what is freed are.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <estp/percpu.h>

#define STRIDE		((size_t)1 << ESTP_PERCPU_SHIFT)
#define GRANULE		64
#define GRANULES	(STRIDE / GRANULE)
#define GUARDS		2

struct area {
	struct area *next;
	char *base;
	uint8_t used[GRANULES];		/* FREE, INSIDE, or LAST of an allocation */
};
enum { FREE, INSIDE, LAST };

static struct area *areas;
static int cpus;		/* 0: not known yet */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;

/* No cancellation points: an allocator that asks us may hold its lock. */
static int open_list(const char *path)
{
	return (int)syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_CLOEXEC);
}

/* The last number of a list like "0-3,8-11", plus 1; 0 if there is no list. */
static int read_possible(void)
{
	int fd = open_list("/sys/devices/system/cpu/possible"), last = -1;
	char text[256], *c;
	ssize_t len;

	if (fd < 0)
		return 0;
	len = syscall(SYS_read, fd, text, sizeof(text) - 1);
	syscall(SYS_close, fd);
	/* A list that does not fit has more numbers than this finds. */
	if (len <= 0 || len == sizeof(text) - 1)
		return 0;
	text[len] = 0;
	for (c = text; *c; c++)
		if (*c >= '0' && *c <= '9')
			last = (int)strtol(c, &c, 10), c--;
	return last + 1;
}

/* The kernel tells how many bytes its CPU masks have: never too few, unlike sysconf(). */
static int mask_bits(void)
{
	unsigned long mask[1024];
	long len = syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask);

	return len > 0 ? (int)len * CHAR_BIT : CHAR_BIT * (int)sizeof(mask);
}

static int count_cpus(void)
{
	int nr = read_possible();

	return nr > 0 ? nr : mask_bits();
}

static void lock(void)
{
	pthread_mutex_lock(&mutex);
}

static void unlock(void)
{
	pthread_mutex_unlock(&mutex);
}

/*
 * So that a child finds it unlocked.  Early: who is first to ask for this is last to be asked at fork, when
 * locks of those who call us under them have been taken.  It may call malloc() (musl's does), and so an allocator
 * that asks for it again: hence no pthread_once().
 */
int estp_percpu_atfork(void)
{
	static bool asked;
	int error = 0;

	if (!__atomic_exchange_n(&asked, true, __ATOMIC_ACQ_REL)) {
		error = pthread_atfork(lock, unlock, unlock);
		if (error)
			__atomic_store_n(&asked, false, __ATOMIC_RELEASE);
	}
	return -error;
}

/* An allocator that begins at the first malloc() does so before, not within, and calls it right there. */
__attribute__((constructor(101)))
static void watch_forks(void)
{
	void *volatile p = malloc(1);

	free(p);
	estp_percpu_atfork();
}

int estp_percpu_nr(void)
{
	int nr = __atomic_load_n(&cpus, __ATOMIC_RELAXED), saved = errno;

	/* No lock, no once: all who come first find the same, and a child of fork waits for nobody. */
	if (!nr) {
		nr = count_cpus();
		__atomic_store_n(&cpus, nr, __ATOMIC_RELAXED);
		errno = saved;
	}
	return nr;
}

static struct area *new_area(void)
{
	size_t len = ((size_t)cpus + GUARDS) * STRIDE;
	/* Not from malloc(), which may be what asks. */
	struct area *area = mmap(NULL, sizeof(*area), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *all, *aligned;

	if (area == MAP_FAILED)
		return NULL;
	all = mmap(NULL, len + STRIDE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED)
		goto no_memory;
	/* One stride too many, to align to a stride. */
	aligned = (char *)(((uintptr_t)all + STRIDE - 1) & ~(STRIDE - 1));
	if (aligned != all)
		munmap(all, (size_t)(aligned - all));
	if (aligned + len != all + len + STRIDE)
		munmap(aligned + len, (size_t)(all + STRIDE - aligned));
	area->base = aligned + GUARDS * STRIDE;
	if (mprotect(area->base, (size_t)cpus * STRIDE, PROT_READ | PROT_WRITE)) {
		munmap(aligned, len);
		goto no_memory;
	}
	/* A huge page would be two CPUs', and on one CPU's node. */
	madvise(area->base, (size_t)cpus * STRIDE, MADV_NOHUGEPAGE);
	area->next = areas;
	areas = area;
	return area;
no_memory:
	munmap(area, sizeof(*area));
	return NULL;
}

/* The first @nr free granules in a row that begin at a multiple of @step, or GRANULES. */
static size_t find(const struct area *area, size_t nr, size_t step)
{
	size_t at, i;

	for (at = 0; at + nr <= GRANULES; at += step) {
		for (i = 0; i < nr && area->used[at + i] == FREE; i++)
			;
		if (i == nr)
			return at;
		/* Nothing that begins before the one in the way can do. */
		at += i / step * step;
	}
	return GRANULES;
}

void *estp_percpu_alloc(size_t size, size_t align)
{
	size_t nr = (size + GRANULE - 1) / GRANULE, step, at = GRANULES;
	struct area *area;
	void *p = NULL;
	int saved = errno;

	if (!size || size > STRIDE || align > STRIDE || (align & (align - 1)))
		return NULL;
	step = align > GRANULE ? align / GRANULE : 1;
	estp_percpu_nr();
	lock();
	for (area = areas; area; area = area->next) {
		at = find(area, nr, step);
		if (at < GRANULES)
			break;
	}
	if (!area) {
		area = new_area();
		at = 0;
	}
	if (area) {
		memset(area->used + at, INSIDE, nr);
		area->used[at + nr - 1] = LAST;
		p = area->base + at * GRANULE;
	}
	unlock();
	errno = saved;
	return p;
}

static bool is_zero(const char *p, size_t len)
{
	return !*p && !memcmp(p, p + 1, len - 1);
}

/* Whole pages go back to the kernel; what a CPU never touched is not touched now. */
static void clear(char *p, size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *end = p + len;
	char *first = (char *)(((uintptr_t)p + page - 1) & ~(page - 1));
	char *last = (char *)((uintptr_t)end & ~(page - 1));

	if (first < last && !madvise(first, (size_t)(last - first), MADV_DONTNEED)) {
		if (p < first && !is_zero(p, (size_t)(first - p)))
			memset(p, 0, (size_t)(first - p));
		p = last;
	}
	if (p < end && !is_zero(p, (size_t)(end - p)))
		memset(p, 0, (size_t)(end - p));
}

void estp_percpu_free(void *p)
{
	struct area *area;
	int saved = errno, i;
	size_t at, nr = 0;

	if (!p)
		return;
	lock();
	for (area = areas; area; area = area->next)
		if ((char *)p >= area->base && (char *)p < area->base + STRIDE)
			break;
	if (!area)
		abort();	/* as free() does: it was never allocated */
	at = (size_t)((char *)p - area->base) / GRANULE;
	if (area->used[at] == FREE)
		abort();
	while (area->used[at + nr++] != LAST)
		;
	for (i = 0; i < cpus; i++)
		clear((char *)estp_percpu_of(p, i), nr * GRANULE);
	memset(area->used + at, FREE, nr);
	unlock();
	errno = saved;
}
