// SPDX-License-Identifier: MIT
/*
 * MEM-1, MEM-2, DEV-3: a page set takes at most 96 bytes for each page of code and 32 for
 * each descriptor or entry on each page that it has a part on (48 where it spans several,
 * which also counts as one page more), beside a fixed amount;
 * what /dev/estp says is what the process's memory cgroup is charged.
 *
 * Method: sets of many shapes, in a process of a cgroup of its own: pages with 1 to 255
 * descriptors, tables sparse and dense, far responses, spans over many pages, registered
 * one by one and at once. For each the bound is computed from what was registered and
 * compared with the kernel's own count, and that with the growth of the group's slab
 * and vmalloc memory. The twin: a set twice as large takes about twice as much.
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define FIXED	4096u			/* the address space's own, and rounding of its index */
#define PAGES	2048u

static size_t page;
static u8 *base;

/* What the clause allows. */
struct bound {
	u64 pages, parts;
	u64 over_pages;		/* entries that span several pages */
	u64 over_parts;		/* and their parts, of all */
};

static u64 bytes_of(struct bound b)
{
	return 96 * (b.pages + b.over_pages) + 32 * b.parts + 16 * b.over_parts + FIXED;
}

static void header(u32 i, u32 nr)
{
	u64 *word = (u64 *)(base + i * page);
	u32 k;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	for (k = 0; k < nr; k++)
		word[1 + k] = ESTP_DESCRIPTOR(ESTP_FAULT, 0x800 + INSNS(k), 0x900 + INSNS(k), 0x800 + INSNS(k));
}

static u32 shape_nr;			/* what a shape is about */

static struct bound pages_at_once(u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++)
		header(i, shape_nr);
	must(!madv_register(base, pages * page));
	return (struct bound) { pages, (u64)pages * shape_nr };
}

static struct bound pages_one_by_one(u32 pages)
{
	u32 i;

	for (i = 0; i < pages; i++) {
		header(i, shape_nr);
		must(!madv_register(base + i * page, page));
	}
	return (struct bound) { pages, (u64)pages * shape_nr };
}

/* shape_nr entries a page, in one table. */
static struct bound table(u32 pages)
{
	struct table t;
	u32 i, k;

	table_init(&t, base);
	for (i = 0; i < pages; i++)
		for (k = 0; k < shape_nr; k++)
			table_add(&t, ESTP_PREEMPTION, base + i * page + 8 * k, 8,
				  base + i * page + 8 * k);
	must(!table_register(&t));
	table_free(&t);
	return (struct bound) { pages, (u64)pages * shape_nr };
}

/* Each on one page, each responding on another, where nothing else is. */
static struct bound far_responses(u32 pages)
{
	struct table t;
	u32 i;

	table_init(&t, base);
	for (i = 0; i < pages / 2; i++)
		table_add(&t, ESTP_FAULT, base + i * page, 8, base + (pages - 1 - i) * page);
	must(!table_register(&t));
	table_free(&t);
	return (struct bound) { pages, pages / 2 };
}

/* Spans of shape_nr pages each: an entry is on each of them. */
static struct bound wide(u32 pages)
{
	struct table t;
	u32 i, nr = pages / shape_nr;

	table_init(&t, base);
	for (i = 0; i < nr; i++)
		table_add(&t, ESTP_PREEMPTION, base + i * shape_nr * page, shape_nr * page,
			  base + i * shape_nr * page);
	must(!table_register(&t));
	table_free(&t);
	return (struct bound) { nr * shape_nr, (u64)nr * shape_nr, nr, (u64)nr * shape_nr };
}

/* Tables one after the other over the same pages. */
static struct bound tables_in_turn(u32 pages)
{
	struct table t;
	u32 i, k;

	for (k = 0; k < shape_nr; k++) {
		table_init(&t, base);
		for (i = 0; i < pages; i++)
			table_add(&t, ESTP_FAULT, base + i * page + 16 * k, 16,
				  base + i * page);
		must(!table_register(&t));
		table_free(&t);
	}
	return (struct bound) { pages, (u64)pages * shape_nr };
}

static const struct {
	const char *name;
	struct bound (*make)(u32 pages);
	u32 nr, pages;
} shapes[] = {
	{ "pages of 1, at once", pages_at_once, 1, PAGES },
	{ "pages of 2", pages_at_once, 2, PAGES },
	{ "pages of 3", pages_at_once, 3, PAGES },
	{ "pages of 5", pages_at_once, 5, PAGES },
	{ "pages of 7", pages_at_once, 7, 1024 },
	{ "pages of 10", pages_at_once, 10, 1024 },
	{ "pages of 13", pages_at_once, 13, 512 },
	{ "pages of 17", pages_at_once, 17, 512 },
	{ "pages of 24", pages_at_once, 24, 512 },
	{ "pages of 36", pages_at_once, 36, 256 },
	{ "pages of 50", pages_at_once, 50, 256 },
	{ "pages of 75", pages_at_once, 75, 256 },
	{ "pages of 101", pages_at_once, 101, 128 },
	{ "pages of 150", pages_at_once, 150, 128 },
	{ "pages of 202", pages_at_once, 202, 128 },
	{ "pages of 255", pages_at_once, 255, 128 },
	{ "pages of 1, one by one", pages_one_by_one, 1, PAGES },
	{ "pages of 40, one by one", pages_one_by_one, 40, 256 },
	{ "one entry a page", table, 1, PAGES },
	{ "four entries a page", table, 4, PAGES },
	{ "400 entries a page", table, 400, 64 },
	{ "512 entries a page", table, 512, 64 },
	{ "far responses", far_responses, 1, PAGES },
	{ "spans of 2 pages", wide, 2, PAGES },
	{ "spans of 64 pages", wide, 64, PAGES },
	{ "one span of all pages", wide, PAGES, PAGES },
	{ "five tables in turn", tables_in_turn, 5, 512 },
	{ "one page", pages_at_once, 1, 1 },
	{ "five pages", pages_at_once, 1, 5 },
	{ "33 pages", pages_at_once, 1, 33 },
};

static struct result {
	u64 said, charged, bound, pages, parts, half;
} *result;

/* Slabs are charged by the object, with some bytes to account for each. */
static u64 charge_max(u64 said)
{
	return said * 13 / 10 + 65536;
}

/* In a process and a group of its own: what others of before give back late is none of its memory. */
static void measure(void *arg)
{
	unsigned int i = *(unsigned int *)arg;
	char group[32];
	struct bound b;
	u64 before;

	shape_nr = shapes[i].nr;
	snprintf(group, sizeof(group), "measured%u", i);
	memory_group(group, true);
	/* Page tables and the like, before. */
	memset(base, 0, PAGES * page);
	stats();
	before = memory_charged(group);
	b = shapes[i].make(shapes[i].pages);
	result->bound = bytes_of(b);
	result->pages = b.pages;
	result->parts = b.parts;
	result->said = stats().memory;
	if (stats().pages != result->pages)
		_exit(1);
	/* What was replaced is given back behind a grace period, and a busy host has long ones. */
	wait_until(memory_charged(group) - before <= charge_max(result->said), 10000);
	result->charged = memory_charged(group) - before;
	_exit(0);
}

static void half(void *arg)
{
	unsigned int i = *(unsigned int *)arg;

	shape_nr = shapes[i].nr;
	shapes[i].make(shapes[i].pages / 2);
	result->half = stats().memory;
	_exit(0);
}

void test(void)
{
	unsigned int i;
	int status;

	need_estp();
	page = page_size();
	result = shared(sizeof(*result));
	base = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(base != MAP_FAILED);
	memset(base, 0, PAGES * page);

	for (i = 0; i < ARRAY_LEN(shapes); i++) {
		memset(result, 0, sizeof(*result));
		status = run_child(measure, &i, 20);
		if (!exited_with(status, 0)) {
			ok(false, "%s: ended by %s", shapes[i].name, ending(status));
			continue;
		}
		if (shapes[i].pages / 2 >= shapes[i].nr) {
			status = run_child(half, &i, 20);
			if (!exited_with(status, 0))
				ok(false, "%s: half of it ended by %s", shapes[i].name, ending(status));
		}
		ok(result->said <= result->bound,
		   "%s: %llu pages, %llu parts: %llu bytes of %llu allowed", shapes[i].name,
		   (unsigned long long)result->pages, (unsigned long long)result->parts,
		   (unsigned long long)result->said, (unsigned long long)result->bound);
		if (result->said > 65536)
			ok(result->charged >= result->said * 8 / 10 &&
			   result->charged <= charge_max(result->said),
			   "%s: %llu bytes are charged to the group", shapes[i].name,
			   (unsigned long long)result->charged);
		if (result->half > 16384)
			ok(result->said > result->half * 3 / 2 &&
			   result->said < result->half * 5 / 2,
			   "%s: twin: half of it takes %llu", shapes[i].name,
			   (unsigned long long)result->half);
	}
}
