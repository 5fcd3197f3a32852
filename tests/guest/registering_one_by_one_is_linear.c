// SPDX-License-Identifier: MIT
/*
 * EVT-8, MEM-1: registering n pages one by one takes time in proportion to n, and so do
 * unregistering and unmapping them one by one; an event costs the same however many
 * pages are registered.
 *
 * Method: instructions are counted (--icount: a nanosecond of the guest's clock is one). 1,000 and 8,000
 * pages; what a page takes, the least of several runs each, must not
 * grow by more than a factor of 4, where anything quadratic would grow by 8. The same
 * for faults with 1 and with 8,000 pages. The twin is a quadratic loop, made of the
 * device's list after every hundredth page, which is seen to grow.
 *
 * vm: --icount --cpus 1 --timeout 300
 */
#include "probe.h"

const unsigned int test_seconds = 120;

#define VALUE	0x1000
#define FEW	1000u
#define MANY	8000u
#define FACTOR	4

static size_t page;
static u8 *base;

/* One page of memory, mapped at every page: it is the addresses that count. */
static void map_all(u32 nr)
{
	static int fd = -1;
	u32 i;

	if (fd < 0) {
		u8 *p;

		fd = memfd_create("page", 0);
		must(fd >= 0);
		must(!ftruncate(fd, page));
		p = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
		must(p != MAP_FAILED);
		probe_code(p, VALUE);
		probe_header(p, 0);
		munmap(p, page);
	}
	for (i = 0; i < nr; i++)
		must(mmap(base + i * page, page, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd,
			  0) == base + i * page);
}

struct times {
	u64 add, remove, unmap;
};

static void least(u64 *best, u64 ns)
{
	if (!*best || ns < *best)
		*best = ns;
}

/* Nanoseconds a page. */
static void measure(u32 nr, struct times *t)
{
	u64 start;
	u32 i;

	start = now_ns();
	for (i = 0; i < nr; i++)
		must(!madv_register(base + i * page, page));
	least(&t->add, (now_ns() - start) / nr);
	must(stats().sequences == nr * ESTP_SELECTOR_NR);

	start = now_ns();
	for (i = 0; i < nr; i += 2)
		must(!madv_unregister(base + i * page, page));
	least(&t->remove, (now_ns() - start) / (nr / 2));
	must(stats().sequences == nr / 2 * ESTP_SELECTOR_NR);
	must(!madv_unregister(base, nr * page));
}

/* Unmapping, less what the same takes unregistered. */
static void measure_unmap(u32 nr, bool registered, struct times *t)
{
	u64 start;
	u32 i;

	map_all(nr);
	for (i = 0; registered && i < nr; i++)
		must(!madv_register(base + i * page, page));
	start = now_ns();
	/* From the middle outwards, so that there is no end to cut off. */
	for (i = 0; i < nr; i++)
		must(!munmap(base + (i * 7919ull % nr) * page, page));
	least(&t->unmap, (now_ns() - start) / nr);
	must(!stats().sequences);
	map_all(nr);
}

static void fault_ns(u32 nr, u64 *best)
{
	u64 start;
	int i;

	must(!madv_register(base, nr * page));
	start = now_ns();
	for (i = 0; i < 1000; i++)
		must(probe_load(base, NULL) == PROBE_VALUE(VALUE, ESTP_FAULT, 0));
	least(best, (now_ns() - start) / 1000);
	must(!madv_unregister(base, nr * page));
}

static void grows(const char *what, u64 few, u64 many)
{
	ok(many < few * FACTOR, "%s: %llu ns a page of %u, %llu of %u", what,
	   (unsigned long long)few, FEW, (unsigned long long)many, MANY);
}

/* The list after each hundredth page: n * n / 100 in all. */
static u64 quadratic(u32 nr)
{
	u64 start = now_ns();
	u32 i;

	for (i = 0; i < nr; i++) {
		must(!madv_register(base + i * page, page));
		if (i % 100 == 0) {
			struct list l = list_own();

			list_free(&l);
		}
	}
	start = now_ns() - start;
	must(!madv_unregister(base, nr * page));
	return start / nr;
}

void test(void)
{
	struct times few = { 0 }, many = { 0 };
	u64 one = 0, all = 0;
	int run;

	need_estp();
	page = page_size();
	base = mmap(NULL, MANY * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(base != MAP_FAILED);
	map_all(MANY);
	for (run = 0; run < 3; run++) {
		measure(FEW, &few);
		if (run < 2)
			measure(MANY, &many);
	}
	for (run = 0; run < 3; run++) {
		measure_unmap(FEW, true, &few);
		if (run < 1)
			measure_unmap(MANY, true, &many);
	}
	grows("registering one by one", few.add, many.add);
	grows("unregistering one by one", few.remove, many.remove);
	grows("unmapping one by one", few.unmap, many.unmap);

	/* In turn, so that a host that is busy for a while is so for both. */
	for (run = 0; run < 10; run++) {
		fault_ns(1, &one);
		fault_ns(MANY, &all);
	}
	ok(all < one * 2, "a fault: %llu ns with one page, %llu with %u", (unsigned long long)one,
	   (unsigned long long)all, MANY);

	for (one = 0, run = 0; run < 3; run++)
		least(&one, quadratic(FEW));
	all = quadratic(MANY / 2);
	ok(all > one * 2, "twin: with the list now and then: %llu ns a page of %u, %llu of %u",
	   (unsigned long long)one, FEW, (unsigned long long)all, MANY / 2);
}
