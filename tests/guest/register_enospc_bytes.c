// SPDX-License-Identifier: MIT
/*
 * MEM-4, MEM-5, REG-13, REG-14, UNREG-5: kernel memory beyond max_bytes is ENOSPC, and
 * nothing changes; a limit lowered later takes nothing away; replacing counts the
 * result.
 *
 * Method: a limit of 64 KiB. Pages are registered until one is refused; that the memory
 * was nearly used up, by the kernel's own account, shows that it was this limit. Twins:
 * the same page under a higher limit, and after others went.
 *
 * vm: --module-args max_bytes=65536
 */
#include "machine.h"
#include "probe.h"

#define LIMIT	65536u
#define VALUE	0x1000
#define NR	512

static struct guard guard;
static size_t page;
static u8 *pages;

static void set_limit(unsigned int bytes)
{
	char text[16];

	snprintf(text, sizeof(text), "%u\n", bytes);
	must(!write_file("/sys/module/estp/parameters/max_bytes", text));
}

/* A page with as many descriptors as there can be. */
static void fill(u8 *p)
{
	u64 *word = (u64 *)p;
	unsigned int i;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, ESTP_PAGE_COUNT_MAX);
	for (i = 0; i < ESTP_PAGE_COUNT_MAX; i++)
		word[1 + i] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, 0x800 + INSNS(i), page, 0x800);
}

static unsigned int fill_up(void)
{
	unsigned int i;
	int err = 0;

	for (i = 0; i < NR && !err; i++)
		err = madv_register(pages + i * page, page);
	is(-err, ENOSPC, "page %u of 255 descriptors is refused", i);
	return i - 1;
}

void test(void)
{
	unsigned int nr, i;

	need_estp();
	page = page_size();
	pages = pages_new(NR);
	for (i = 0; i < NR; i++)
		fill(pages + i * page);
	guard_new(&guard, VALUE);

	nr = fill_up();
	guard_renew(&guard);
	diag("%u pages took %llu of %u bytes", nr, guard.stats.memory, LIMIT);
	ok(guard.stats.memory <= LIMIT, "the limit is kept");
	ok(guard.stats.memory > LIMIT / 2, "it was nearly reached");
	refused(&guard, pages + nr * page, page, ENOSPC, "the same page again");
	is(madv_register(pages, nr * page), 0, "twin: all others again: they are replaced");

	set_limit(2 * LIMIT);
	is(madv_register(pages + nr * page, page), 0, "twin: the page, under a higher limit");
	guard_renew(&guard);
	set_limit(LIMIT);
	ok(guard_holds(&guard), "the limit lowered takes nothing away");
	refused(&guard, pages + (nr + 1) * page, page, ENOSPC, "but nothing comes to it");
	is(madv_register(guard.page, page), -ENOSPC, "not even what needs no more");
	is(madv_unregister(pages, 2 * page), 0, "two go");
	is(madv_register(guard.page, page), 0, "twin: then it is taken");

	must(!madv_unregister(pages, NR * page));
	for (i = 0; i < 20; i++)
		if (madv_register(pages, nr * page) || madv_unregister(pages, nr * page))
			break;
	is(i, 20, "what goes makes room for as much, over and over");
	is(fill_up(), nr, "and in the end as many pages fit as in the beginning");
}
