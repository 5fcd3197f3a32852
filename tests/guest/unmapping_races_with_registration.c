// SPDX-License-Identifier: MIT
/*
 * LIFE-9, LIFE-7, REG-14: the same address mapped anew is unregistered, at whatever moment
 * it is mapped: what a registration read of the old mapping never ends up registered
 * for the new one.
 *
 * Method: a thread registers a page, by itself or by a table, without pause, while the main
 * thread maps something else over it: the same code without a header, or without the
 * right to execute, which no registration accepts. From then on nothing may divert,
 * though the call that was under way had seen good memory. Proof: so many calls
 * succeeded, and so many were refused. The twin leaves the page as it was: then it
 * diverts.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define ROUNDS	1200
#define RANGE	8			/* pages registered in one call: it takes longer */

static size_t page;
static u8 *p;
static struct table table;
static volatile u32 stop, hold, idle;
static u32 succeeded, refused_nr;
static int unexpected;

static int register_pages(void)
{
	return madv_register(p, RANGE * page);
}

static int register_table(void)
{
	return table_register(&table);
}

static void *registrar(void *arg)
{
	int (*call)(void) = *(int (**)(void))arg;

	while (!stop) {
		int err;

		if (hold) {
			idle = 1;
			sched_yield();
			continue;
		}
		idle = 0;
		err = call();
		if (!err)
			succeeded++;
		else if (err == -ENOEXEC || err == -EACCES || err == -ENOMEM)
			refused_nr++;
		else
			unexpected = err;
	}
	return NULL;
}

static void map(u8 *at, int prot)
{
	must(mmap(at, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
	     at);
	probe_code(at, VALUE);
	probe_header(at, 0);
	must(!mprotect(at, page, prot));
}

/* Ready made elsewhere, moved over it in one step. */
static void replace(u8 *at, bool header, int prot)
{
	u8 *room = pages_new(1);

	probe_code(room, VALUE);
	if (header)
		probe_header(room, 0);
	must(!mprotect(room, page, prot));
	must(mremap(room, page, page, MREMAP_MAYMOVE | MREMAP_FIXED, at) == at);
}

/* Nobody is in a call any more, and nobody begins one. */
static void quiet(bool on)
{
	idle = 0;
	hold = on;
	if (on)
		while (!idle)
			sched_yield();
}

static void run(int (*call)(void), bool pages, bool twin, const char *what)
{
	u32 i, diverted_nr = 0, wait;
	pthread_t thread;
	u64 end = now_ms() + 4000;

	stop = hold = succeeded = refused_nr = 0;
	unexpected = 0;
	must(!pthread_create(&thread, NULL, registrar, &call));
	for (i = 0; i < ROUNDS && now_ms() < end; i++) {
		u8 *at = p + i % RANGE * page;
		u32 before = succeeded;

		/* Good memory, until a call has succeeded; then, at any moment, another. */
		wait_until(succeeded != before, 1000);
		for (wait = i % 97 * 13; wait; wait--)
			__asm__ volatile("" : : : "memory");
		if (!twin)
			replace(at, !pages, pages ? PROT_READ | PROT_EXEC : PROT_READ);
		quiet(true);
		if (!pages)
			must(!mprotect(at, page, PROT_READ | PROT_EXEC));
		diverted_nr += probe_fault(at, VALUE) == 0;
		if (!twin)
			map(at, PROT_READ | PROT_EXEC);
		quiet(false);
	}
	stop = 1;
	must(!pthread_join(thread, NULL));
	diag("%s: %u rounds, %u calls succeeded, %u were refused", what, i, succeeded, refused_nr);
	if (twin) {
		is(diverted_nr, i, "twin: %s, left as it was: it diverts, each time", what);
	} else {
		final(is(diverted_nr, 0, "%s: what was mapped anew never diverts", what));
		ok(refused_nr, "%s: calls were refused after that", what);
	}
	final(is(unexpected, 0, "%s: no call failed in another way", what));
	ok(succeeded >= i, "%s: calls succeeded before", what);
	madv_unregister(p, RANGE * page);
}

void test(void)
{
	u32 i;

	need_estp();
	page = page_size();
	p = pages_new(RANGE);
	for (i = 0; i < RANGE; i++)
		map(p + i * page, PROT_READ | PROT_EXEC);
	table_init(&table, p);
	for (i = 0; i < RANGE; i++)
		probe_entries(&table, p + i * page, 0);
	run(register_pages, true, false, "pages");
	run(register_table, false, false, "a table");
	run(register_pages, true, true, "pages");
	run(register_table, false, true, "a table");
}
