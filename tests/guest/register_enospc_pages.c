// SPDX-License-Identifier: MIT
/*
 * MEM-4, MEM-5, REG-8, REG-13, REG-14, UNREG-5: one page of code more than max_pages is
 * ENOSPC, after everything else was found valid, and nothing changes; what is replaced
 * or unregistered does not count.
 *
 * Method: a limit of 8 pages; sets at 7, 8 and 9, by pages, by tables, by spans, by
 * responses. Twin: the same registration with one page less, or once room was made. A table whose responses
 * reach over many thousand pages is refused in a memory cgroup that would not have room for all of them.
 *
 * vm: --module-args max_pages=8
 */
#include "machine.h"
#include "probe.h"

#define LIMIT	8u
#define MANY	3000u
#define REACH	65536u		/* from one of their responses to the next */
#define ROOM	(2l << 20)
#define VALUE	0x1000

static struct guard guard;
static size_t page;
static u8 *pages;

static void by_pages(void)
{
	unsigned int i;

	/* The guard is one. */
	refused(&guard, pages, LIMIT * page, ENOSPC, "%u pages at once, one too many", LIMIT);
	is(madv_register(pages, (LIMIT - 1) * page), 0, "twin: one less");
	is(stats().pages, LIMIT, "twin: the set is full");
	guard_renew(&guard);
	refused(&guard, pages + (LIMIT - 1) * page, page, ENOSPC, "one page over the limit");
	is(madv_register(pages, (LIMIT - 1) * page), 0, "twin: all again: they are replaced");
	guard_renew(&guard);
	refused(&guard, pages, LIMIT * page, ENOSPC, "all again and one more");

	is(madv_unregister(pages, page), 0, "one goes");
	is(madv_register(pages + (LIMIT - 1) * page, page), 0, "twin: another one fits");
	guard_renew(&guard);
	refused(&guard, pages, page, ENOSPC, "the one that went does not fit now");
	must(!munmap(pages + (LIMIT - 1) * page, page));
	is(madv_register(pages, page), 0, "twin: it does once the other was unmapped");
	for (i = 0; i < LIMIT - 1; i++)
		if (probe_fault(pages + i * page, VALUE + 0x100 * (i + 1)))
			break;
	is(i, LIMIT - 1, "all of them divert");
	must(!madv_unregister(pages, (LIMIT - 1) * page));
	guard_renew(&guard);
}

static int one_entry(u64 start, u64 length, u64 response)
{
	struct table t;
	int err;

	table_init(&t, pages);
	table_add(&t, ESTP_FAULT, pages + start, length, pages + response);
	err = table_register(&t);
	table_free(&t);
	return err;
}

static void by_entries(void)
{
	left_alone(&guard, one_entry(page - INSNS(1), (LIMIT - 2) * page + INSNS(2), page), ENOSPC,
		   "a span over %u pages", LIMIT);
	is(one_entry(page, (LIMIT - 1) * page, page), 0, "twin: over one less");
	is(stats().pages, LIMIT, "twin: the set is full");
	must(!madv_unregister(pages, LIMIT * page));
	guard_renew(&guard);

	left_alone(&guard, one_entry(page, (LIMIT - 1) * page, 0), ENOSPC,
		   "a response on one page more than the span has");
	is(one_entry(page, (LIMIT - 2) * page, 0), 0, "twin: the span one page shorter");
	is(stats().pages, LIMIT, "twin: a page that only has a response counts");
	guard_renew(&guard);
	left_alone(&guard, one_entry((LIMIT - 1) * page, INSNS(1), (LIMIT - 1) * page), ENOSPC,
		   "one short entry more");
	is(one_entry(2 * page, INSNS(1), 0), 0, "twin: on the pages that are there");
	must(!madv_unregister(pages, LIMIT * page));
}

/* ENOSPC comes last: what is wrong elsewhere in the range decides. */
static void last_of_all(void)
{
	u64 *word = (u64 *)(pages + (LIMIT - 2) * page), good = word[0];

	guard_renew(&guard);
	refused(&guard, pages, LIMIT * page, ENOMEM, "over the limit, the last page unmapped");
	word[0] = 0;
	refused(&guard, pages, LIMIT * page, ENOEXEC, "and the last but one malformed");
	word[0] = good;
}

static struct estp_table *far_reaching(void)
{
	u8 *far = mmap(NULL, (MANY + 1) * (size_t)REACH, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	u32 i, len, nr = 0;
	struct table t;

	must(far != MAP_FAILED);
	table_init(&t, far);
	for (len = INSN_ALIGN; nr < MANY; len += INSN_ALIGN)
		for (i = 0; i + len <= page && nr < MANY; i += INSN_ALIGN, nr++) {
			struct estp_entry *e = table_add(&t, ESTP_INTERRUPT, far + i, len, far + (nr + 1) * (size_t)REACH);

			e->response_len = REACH - INSN_ALIGN;
		}
	return table_header(&t);
}

static void registers(void *table)
{
	char text[32];

	memory_group("far", true);
	must(!madv_register(pages, page));
	snprintf(text, sizeof(text), "%ld\n", read_number("/sys/fs/cgroup/far/memory.current") + ROOM);
	must(!write_file("/sys/fs/cgroup/far/memory.max", text));
	_exit(-madv_register(table, page));
}

static void not_all_are_made(void)
{
	int status = run_child(registers, far_reaching(), 20);

	ok(exited_with(status, ENOSPC), "responses over %u KiB, in little memory: %s", MANY * (REACH >> 10), ending(status));
}

void test(void)
{
	unsigned int i;

	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	pages = pages_new(LIMIT);
	for (i = 0; i < LIMIT; i++) {
		probe_code(pages + i * page, VALUE + 0x100 * (i + 1));
		probe_header(pages + i * page, 0);
	}
	by_pages();
	must(mmap(pages, LIMIT * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == pages);
	by_entries();
	for (i = 0; i < LIMIT; i++) {
		probe_code(pages + i * page, VALUE + 0x100 * (i + 1));
		probe_header(pages + i * page, 0);
	}
	not_all_are_made();
	must(!munmap(pages + (LIMIT - 1) * page, page));
	last_of_all();
}
