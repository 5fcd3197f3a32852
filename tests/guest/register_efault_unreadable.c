// SPDX-License-Identifier: MIT
/*
 * REG-11, REG-14: memory that is mapped, with the right to read it, but cannot be read
 * by the caller is EFAULT, and nothing changes: a page behind the end of a truncated
 * file, a page whose protection key is shut.
 *
 * Method: pages and tables in files that are cut and grown again, and under a key that
 * is shut and opened again: the same call with the memory back is the twin.
 */
#include "probe.h"

#define VALUE	0x1000

static struct guard guard;
static size_t page;

/* A file of three pages, mapped; each a probe. */
static int file_new(u8 **map)
{
	int fd = memfd_create("code", 0), i;

	must(fd >= 0);
	must(!ftruncate(fd, 3 * page));
	*map = mmap(NULL, 3 * page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED, fd, 0);
	must(*map != MAP_FAILED);
	for (i = 0; i < 3; i++) {
		probe_code(*map + i * page, VALUE + 0x100 * (i + 1));
		probe_header(*map + i * page, 0);
	}
	return fd;
}

static void cut_pages(void)
{
	u8 *p;
	int fd = file_new(&p);

	must(!ftruncate(fd, 2 * page));
	refused(&guard, p, 3 * page, EFAULT, "the last of three pages is behind the file's end");
	refused(&guard, p + 2 * page, page, EFAULT, "the only page is");
	is(madv_register(p, 2 * page), 0, "twin: the pages that the file has");
	guard_renew(&guard);
	must(!ftruncate(fd, 0));
	refused(&guard, p, page, EFAULT, "a registered page of a file cut to nothing");
	must(!ftruncate(fd, 3 * page));
	refused(&guard, p, page, ENOEXEC, "the file grown again: it reads zeros");
	probe_code(p, VALUE + 0x100);
	probe_header(p, 1);
	is(madv_register(p, page), 0, "twin: written anew, it is accepted");
	is(probe_fault(p, VALUE + 0x100), 1, "twin: and diverts as it says now");
	must(!madv_unregister(p, 3 * page));
	guard_renew(&guard);
}

static struct estp_table header_for(void *entries, unsigned int nr)
{
	return (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr), .base = (u64)guard.page,
		.entries = (u64)entries, .entry_size = sizeof(struct estp_entry),
	};
}

/* What the guard has registered already, so that success shows as no change. */
static struct estp_entry entry(void)
{
	return (struct estp_entry) {
		.start = 0x20, .length = INSNS(1), .response = 0x40, .selector = ESTP_FAULT,
		.causes = ESTP_CAUSE_PAGE,
	};
}

static void cut_tables(void)
{
	u8 *p;
	int fd = file_new(&p);
	struct estp_table *header = (void *)p;
	struct estp_entry *at_end = (void *)(p + page - sizeof(*at_end));

	*header = header_for(p + page, 1);
	must(!ftruncate(fd, page));
	left_alone(&guard, madv_register(header, page), EFAULT, "entries behind the file's end");
	*at_end = entry();
	*header = header_for(at_end, 2);
	left_alone(&guard, madv_register(header, page), EFAULT,
		   "the second entry behind the file's end");
	must(!ftruncate(fd, 0));
	left_alone(&guard, madv_register(header, page), EFAULT, "the header behind the file's end");
	must(!ftruncate(fd, page));
	*at_end = entry();
	*header = header_for(at_end, 1);
	is(madv_register(header, page), 0, "twin: a table that the file has");
	guard_renew(&guard);
}

static void keys(void)
{
	int key = pkey_alloc(0, 0);
	struct estp_table *header;
	struct estp_entry *e;
	void *p;

	if (key < 0) {
		skip("no protection keys: %s", strerror(errno));
		return;
	}
	p = probe_new(VALUE + 0x500);
	must(!pkey_mprotect(p, page, PROT_READ | PROT_EXEC, key));
	must(!pkey_set(key, PKEY_DISABLE_ACCESS));
	refused(&guard, p, page, EFAULT, "an ESTP page whose key is shut");
	must(!pkey_set(key, 0));
	is(madv_register(p, page), 0, "twin: its key is open");
	is(probe_fault(p, VALUE + 0x500), 0, "twin: it diverts");
	guard_renew(&guard);

	header = pages_new(1);
	e = pages_new(1);
	*e = entry();
	*header = header_for(e, 1);
	must(!pkey_mprotect(e, page, PROT_READ, key));
	must(!pkey_set(key, PKEY_DISABLE_ACCESS));
	left_alone(&guard, madv_register(header, page), EFAULT, "entries whose key is shut");
	must(!pkey_mprotect(header, page, PROT_READ, key));
	left_alone(&guard, madv_register(header, page), EFAULT, "a header whose key is shut");
	must(!pkey_set(key, 0));
	is(madv_register(header, page), 0, "twin: the key is open");
}

void test(void)
{
	need_estp();
	page = page_size();
	guard_new(&guard, VALUE);
	cut_pages();
	cut_tables();
	keys();
}
