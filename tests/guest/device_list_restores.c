// SPDX-License-Identifier: MIT
/*
 * DEV-4, DEV-6, LIM-20: the list suffices to make the set again in another process, as a
 * checkpoint tool does.
 *
 * Method: a process with pages, entries, far responses and spans over pages lists what
 * it has and executes a fresh program, to which it leaves the list and the memory in
 * files. That maps the memory, registers by the list alone, and compares: the same
 * list, the same counts, all of it diverting. The twin is the fresh program before it
 * has registered anything.
 */
#include <fcntl.h>

#include "probe.h"

#define VALUE	0x1000
#define PLACE	((u8 *)0x300000000ull)
#define PAGES	8

static size_t page;

static int file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0700);

	must(fd >= 0);
	return fd;
}

static u8 *map(int flags)
{
	int fd = file("/tmp/memory", O_RDWR | flags);
	u8 *p;

	must(!ftruncate(fd, PAGES * page));
	p = mmap(PLACE, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_SHARED | MAP_FIXED_NOREPLACE, fd, 0);
	must(p == PLACE);
	close(fd);
	return p;
}

static int all_divert(void)
{
	u8 *p = PLACE;
	int sel;

	for (sel = 0; sel < ESTP_SELECTOR_NR; sel++) {
		if (probe(p, VALUE, sel) != 1)
			return 10 + sel;
		if (probe(p + 2 * page, VALUE + 0x200, sel) != 0)
			return 20 + sel;
	}
	if (probe_load(p + 3 * page, NULL) != PROBE_VALUE(VALUE + 0x500, ESTP_FAULT, 0))
		return 30;
	return 0;
}

static void arrange(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	u8 *p = PLACE;
	struct table t;
	int i;

	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE + 0x100 * i);
		probe_header(p + i * page, i != 2);
	}
	must(!madv_register(p, page));
	must(!madv_register(p + 2 * page, page));
	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p + 3 * page + f->start, INSN_ALIGN, p + 5 * page + f->response[0]);
	table_add(&t, ESTP_FAULT, p + 4 * page - 16, page + 32, p + 3 * page + f->response[1])
		->causes = ESTP_CAUSE_ILL | ESTP_CAUSE_BUS;
	table_add(&t, ESTP_PREEMPTION, p + 6 * page + INSN_ALIGN, 2 * INSN_ALIGN,
		  p + 6 * page + 9 * INSN_ALIGN);
	table_add(&t, ESTP_INTERRUPT, p + 6 * page + INSN_ALIGN, 2 * INSN_ALIGN, p + 7 * page)
		->response_len = 77;
	t.entry[3].clear_mask = probe_clear_valid & 0xff;
	t.entry[2].response = t.entry[2].start;
	must(!table_register(&t));
	table_free(&t);
}

/* By the list alone: pages by their address, entries with base 0. ------------------- */

static int restore(const struct list *l)
{
	u64 entry_page = 0;
	u32 i;

	for (i = 0; i < l->nr; i++) {
		const struct estp_sequence *s = &l->seq[i];
		struct estp_entry e;
		struct estp_table *header;
		int err;

		if (s->layout == ESTP_LAYOUT_PAGE) {
			u64 its_page = s->start & ~(page - 1);

			if (its_page == entry_page)
				continue;
			entry_page = its_page;
			err = madv_register((void *)its_page, page);
			if (err)
				return err;
			continue;
		}
		e = (struct estp_entry) {
			.start = 0, .length = s->length, .response = s->response - s->start,
			.response_len = s->response_len, .selector = s->selector,
			.causes = s->causes, .clear_mask = s->clear_mask, .flags = s->flags,
		};
		header = pages_new(1);
		*header = (struct estp_table) {
			.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1), .base = s->start,
			.entries = (u64)&e, .entry_size = sizeof(e),
		};
		err = madv_register(header, page);
		munmap(header, page);
		if (err)
			return err;
	}
	return 0;
}

static int fresh_program(void)
{
	struct list saved = { 0 }, mine;
	struct estp_stats then, now;
	int fd;

	page = page_size();
	pin(0);
	fd = file("/tmp/list", O_RDONLY);
	must(read(fd, &then, sizeof(then)) == sizeof(then));
	must(read(fd, &saved.nr, sizeof(saved.nr)) == sizeof(saved.nr));
	saved.seq = calloc(saved.nr, sizeof(*saved.seq));
	must(read(fd, saved.seq, saved.nr * sizeof(*saved.seq)) ==
	     (ssize_t)(saved.nr * sizeof(*saved.seq)));
	map(0);
	if (stats().pages || probe_fault(PLACE, VALUE) != -1)
		return 40;
	if (restore(&saved))
		return 41;
	mine = list_own();
	if (!list_same(&mine, &saved))
		return 42;
	now = stats();
	if (now.pages != then.pages || now.sequences != then.sequences)
		return 43;
	return all_divert();
}

__attribute__((constructor))
static void new_program(void)
{
	if (getenv("FRESH"))
		_exit(fresh_program());
}

static void executes(void *arg)
{
	char *const arguments[] = { "fresh", NULL }, *const env[] = { "FRESH=1", NULL };

	(void)arg;
	execve("/proc/self/exe", arguments, env);
	_exit(99);
}

void test(void)
{
	struct estp_stats s;
	struct list list;
	int fd, status;

	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	map(O_CREAT);
	arrange();
	is(all_divert(), 0, "twin: in the first process all of it diverts");
	list = list_own();
	is(list.nr, 2 * ESTP_SELECTOR_NR + 4, "the list has all of it");
	s = stats();
	fd = file("/tmp/list", O_WRONLY | O_CREAT);
	must(write(fd, &s, sizeof(s)) == sizeof(s));
	must(write(fd, &list.nr, sizeof(list.nr)) == sizeof(list.nr));
	must(write(fd, list.seq, list.nr * sizeof(*list.seq)) ==
	     (ssize_t)(list.nr * sizeof(*list.seq)));
	close(fd);
	status = run_child(executes, NULL, 15);
	if (!ok(exited_with(status, 0),
		"a fresh program has nothing, restores from the list, and has the same"))
		diag("ended by %s", ending(status));
}
