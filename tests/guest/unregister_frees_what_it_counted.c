// SPDX-License-Identifier: MIT
/*
 * UNREG-5, MEM-3, MEM-5, LIM-23: what was unregistered, unmapped or replaced counts no
 * more: not its code's pages, not its response's, not its memory; against the limits at
 * once, in the counts a moment later.
 *
 * Method: a limit of 16 pages and a set that is never empty. Entries with spans and
 * responses on ever other pages come and go, in each way there is to go; the counts
 * must come back to what they were, and there must be room for the next. A hundred
 * rounds exceed the limit many times over. Twin: the same entries, left: ENOSPC.
 *
 * vm: --module-args max_pages=16
 */
#include "probe.h"

#define VALUE	0x1000
#define PAGES	200

static struct guard guard;
static size_t page;
static u8 *base;

static int put(u32 start, u32 length, u32 response)
{
	struct table t;
	int err;

	table_init(&t, base);
	table_add(&t, ESTP_FAULT, base + start, length, base + response);
	err = table_register(&t);
	table_free(&t);
	return err;
}

enum way { UNREGISTERED, UNMAPPED_SPAN, UNMAPPED_RESPONSE, REPLACED, WAY_NR };
static const char *const names[] = {
	"unregistered", "its span unmapped", "its response unmapped", "replaced",
};

static void map_again(u32 off)
{
	must(mmap(base + off, page, PROT_READ | PROT_WRITE | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == base + off);
}

/* Spans on one page or two, response on the page of round i. */
static bool come_and_go(enum way way, u32 i)
{
	u32 span = (2 * i % PAGES) * page, length = i % 3 ? 8 : page + 8,
	    response = ((2 * i + 7) % PAGES) * page + 64;

	if (way == REPLACED) {
		span = 0;
		length = 8;
	}
	if (span + length > PAGES * page)
		return true;
	if (put(span, length, response))
		return false;
	switch (way) {
	case UNREGISTERED:
		return !madv_unregister(base + span, page);
	case UNMAPPED_SPAN:
		map_again(span);
		break;
	case UNMAPPED_RESPONSE:
		map_again(response - 64);
		break;
	default:
		break;
	}
	return true;
}

static void try(enum way way)
{
	struct estp_stats s;
	u32 i;

	for (i = 0; i < 100; i++)
		if (!come_and_go(way, i))
			break;
	is(i, 100, "%s: a hundred, one after the other, all fit", names[way]);
	madv_unregister(base, PAGES * page);
	wait_until(stats().pages == guard.stats.pages, 2000);
	s = stats();
	is(s.pages, guard.stats.pages, "%s: no page is counted for them in the end", names[way]);
	is(s.sequences, guard.stats.sequences, "%s: no sequence", names[way]);
	/* The index may have grown, once; each entry was 64 bytes at least. */
	ok(s.memory < guard.stats.memory + 1024, "%s: %llu bytes of memory, before %llu",
	   names[way], (unsigned long long)s.memory, (unsigned long long)guard.stats.memory);
	is(probe_fault(guard.page, VALUE), 0, "what stayed diverts");
	map_again(0);
	munmap(base, PAGES * page);
	base = pages_new(PAGES);
}

void test(void)
{
	enum way way;
	u32 i;

	need_estp();
	page = page_size();
	base = pages_new(PAGES);
	guard_new(&guard, VALUE);
	for (i = 0; i < 100; i++)
		if (put(i * page, 8, i * page + 64))
			break;
	is(i, 15, "twin: left where they are, the limit comes");
	munmap(base, PAGES * page);
	base = pages_new(PAGES);
	for (way = 0; way < WAY_NR; way++)
		try(way);
}
