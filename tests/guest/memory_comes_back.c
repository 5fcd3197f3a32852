// SPDX-License-Identifier: MIT
/*
 * MEM-3: kernel memory is released when its reason is gone: a thousand times registered
 * and unregistered, unmapped, exited, or replaced leaves no more than one time.
 *
 * Method: cycles of each kind, many, in a memory cgroup of their own; afterwards the
 * group's kernel memory is what it was after the first few. A leak of one object of 64
 * bytes in each cycle would show twice over. The twin is such a leak, made on purpose:
 * as many pages registered and kept.
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define GROUP	"cycles"
#define VALUE	0x1000
#define CYCLES	1000
#define WARM	30
#define SLACK	(32 * CYCLES)		/* half of the least object, each cycle */

static size_t page;
static u8 *p;

static void unregister_cycle(u32 i)
{
	must(!probe_register(p));
	must(!probe_register_table(p, i & 1));
	must(!madv_unregister(p, page));
}

static void unmap_cycle(u32 i)
{
	u8 *q = probe_new(VALUE);

	(void)i;
	must(!probe_register(q));
	must(!probe_register_table(q, 1));
	must(!munmap(q, page));
}

static void replace_cycle(u32 i)
{
	must(!probe_register(p));
	must(!probe_register_table(p, i & 1));
}

/* Spans over pages, responses elsewhere, and back. */
static void wide_cycle(u32 i)
{
	struct table t;

	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p + 16 + INSNS(i % 64), 3 * page, p + 4 * page)->causes = ESTP_CAUSE_ILL;
	table_add(&t, ESTP_FAULT, p + 8, 4, p + (4 + i % 3) * page)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	table_free(&t);
	must(!madv_unregister(p, 5 * page));
}

static void refused_cycle(u32 i)
{
	u64 *word = (u64 *)(p + page), good = word[0];
	struct table t;

	word[0] = i;
	must(madv_register(p, 2 * page) == -ENOEXEC);
	word[0] = good;
	table_init(&t, p);
	probe_entries(&t, p, 0);
	t.entry[i % 3].length = 0;
	must(table_register(&t) == -ENOEXEC);
	table_free(&t);
}

static void exits(void *arg)
{
	must(!probe_register(p));
	must(!probe_register_table(p, (long)arg & 1));
	_exit(0);
}

static void exit_cycle(u32 i)
{
	int status = run_child(exits, (void *)(long)i, 5);

	must(exited_with(status, 0));
}

static void *thread(void *arg)
{
	return arg;
}

static void thread_cycle(u32 i)
{
	pthread_t t;

	(void)i;
	must(!pthread_create(&t, NULL, thread, NULL));
	must(!pthread_join(t, NULL));
}

static void keep_cycle(u32 i)
{
	must(!probe_register(p + (10 + i) * page));
}

static const struct {
	const char *name;
	void (*cycle)(u32 i);
	u32 cycles;
	bool leaks;
} kinds[] = {
	{ "registered and unregistered", unregister_cycle, CYCLES },
	{ "registered and unmapped", unmap_cycle, CYCLES },
	{ "registered over itself", replace_cycle, CYCLES },
	{ "over several pages, and back", wide_cycle, CYCLES },
	{ "refused", refused_cycle, CYCLES },
	{ "registered in a child that exits", exit_cycle, CYCLES / 2 },
	{ "threads, come and gone", thread_cycle, CYCLES / 2 },
	{ "twin: registered and kept", keep_cycle, CYCLES, true },
};

void test(void)
{
	long before, after;
	unsigned int i;
	u32 k;

	need_estp();
	page = page_size();
	p = mmap(NULL, (10 + CYCLES) * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	for (k = 0; k < 10 + CYCLES; k++) {
		probe_code(p + k * page, VALUE);
		probe_header(p + k * page, 0);
	}
	memory_group(GROUP, true);
	/* Something stays, so that the address space's own part does, too. */
	must(!probe_register(p + 9 * page));

	for (i = 0; i < ARRAY_LEN(kinds); i++) {
		for (k = 0; k < WARM; k++)
			kinds[i].cycle(k);
		before = memory_charged(GROUP);
		for (k = WARM; k < kinds[i].cycles; k++)
			kinds[i].cycle(k);
		/* What is freed late is free soon; a leak stays, however long one waits. */
		wait_until((after = memory_charged(GROUP)) - before < (long)(32 * kinds[i].cycles),
			   kinds[i].leaks ? 200 : 5000);
		if (kinds[i].leaks)
			ok(after - before > SLACK, "%s, %u times: %ld bytes more", kinds[i].name,
			   kinds[i].cycles, after - before);
		else
			ok(after - before < (long)(32 * kinds[i].cycles),
			   "%s, %u times: %ld bytes more", kinds[i].name, kinds[i].cycles,
			   after - before);
	}
	is(probe_fault(p + 9 * page, VALUE), 0, "what stayed diverts");
}
