// SPDX-License-Identifier: MIT
/*
 * LIFE-2, REG-14, UNREG-1: a child forked while other threads register and unregister has
 * the set of one moment: what was registered all the time, whole, and of what comes and
 * goes in one call all or nothing.
 *
 * Method: threads fork without pause; each child looks whether a page, an entry and a span
 * over two pages that are always registered divert, though they are registered anew all
 * the time, and whether of pages, and of entries, registered by one call and unregistered
 * by one, it has all or none. Proof: both cases are met. The twin is a pair that
 * is registered by two calls: children are met that have but one.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define FORKERS	2
#define PAIRS	24			/* pages of one call: long enough to be met */
#define ENTRIES	4			/* pages that one table is about */

static size_t page;
static u8 *always, *wide, *pair, *loose;

enum {
	SAW_ALL = 1, SAW_NONE = 2, SAW_ENTRIES = 4, SAW_NO_ENTRIES = 8, SAW_LOOSE = 16,
	WRONG = 32,			/* from here on: what was wrong */
};

static int look(void)
{
	u32 i, nr = 0, their = 0;
	int seen;

	if (probe_fault(always, VALUE) < 0)
		return WRONG;
	if (probe_load(wide, NULL) != PROBE_VALUE(VALUE, ESTP_FAULT, 1))
		return WRONG + 1;
	for (i = 0; i < PAIRS; i++)
		nr += probe_fault(pair + i * page, VALUE) == 0;
	if (nr && nr < PAIRS)
		return WRONG + 2;
	seen = nr ? SAW_ALL : SAW_NONE;
	for (i = 0; i < ENTRIES; i++)
		their += probe_fault(loose + (2 + i) * page, VALUE) == 1;
	if (their && their < ENTRIES)
		return WRONG + 3;
	seen |= their ? SAW_ENTRIES : SAW_NO_ENTRIES;
	nr = (probe_fault(loose, VALUE) == 0) + (probe_fault(loose + page, VALUE) == 0);
	if (nr == 1)
		seen |= SAW_LOOSE;
	return seen;
}

static volatile bool stop;
static u32 forks, failed[4], died, all, none, entries, no_entries, loose_seen;

#define add(word) __atomic_add_fetch(&(word), 1, __ATOMIC_SEQ_CST)

static void *fork_all_the_time(void *arg)
{
	(void)arg;
	while (!stop) {
		int status;
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid)
			_exit(look());
		must(waitpid(pid, &status, 0) == pid);
		add(forks);
		if (!WIFEXITED(status)) {
			add(died);
			continue;
		}
		status = WEXITSTATUS(status);
		if (status >= WRONG) {
			add(failed[status - WRONG]);
			continue;
		}
		if (status & SAW_ALL)
			add(all);
		if (status & SAW_NONE)
			add(none);
		if (status & SAW_ENTRIES)
			add(entries);
		if (status & SAW_NO_ENTRIES)
			add(no_entries);
		if (status & SAW_LOOSE)
			add(loose_seen);
	}
	return NULL;
}

/* A load at the page's end, so that its span reaches into the next one. */
static void register_wide(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	struct table t;

	table_init(&t, wide);
	table_add(&t, ESTP_FAULT, wide + f->start, page, wide + page + f->response[1]);
	must(!table_register(&t));
	table_free(&t);
}

static void register_entries(bool there)
{
	struct table t;
	u32 i;

	if (!there) {
		must(!madv_unregister(loose + 2 * page, ENTRIES * page));
		return;
	}
	table_init(&t, loose);
	for (i = 0; i < ENTRIES; i++)
		probe_entries(&t, loose + (2 + i) * page, 1);
	must(!table_register(&t));
	table_free(&t);
}

static void one_round(u32 i)
{
	probe_header(always, i & 1);
	must(!probe_register(always));
	register_wide();
	must(!madv_register(pair, PAIRS * page));
	register_entries(true);
	must(!probe_register(loose));
	sched_yield();
	must(!probe_register(loose + page));
	sleep_us(i % 700);
	must(!madv_unregister(loose, page));
	sched_yield();
	must(!madv_unregister(loose + page, page));
	must(!madv_unregister(pair, PAIRS * page));
	register_entries(false);
	sleep_us(i % 500);
}

static u8 *probes(u32 nr)
{
	u8 *p = pages_new(nr);
	u32 i;

	for (i = 0; i < nr; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	return p;
}

void test(void)
{
	pthread_t threads[FORKERS];
	u32 i;
	u64 end;

	need_estp();
	page = page_size();
	always = probes(1);
	wide = probes(2);
	pair = probes(PAIRS);
	loose = probes(2 + ENTRIES);
	/* Handlers before the forks. */
	must(probe_fault(always, VALUE) == -1);
	must(!probe_register(always));
	register_wide();
	for (i = 0; i < FORKERS; i++)
		must(!pthread_create(&threads[i], NULL, fork_all_the_time, NULL));
	end = now_ms() + 6000 * slowness();
	for (i = 0; now_ms() < end && !(forks > 300 && loose_seen && all > 20 && none > 20); i++)
		one_round(i);
	stop = true;
	for (i = 0; i < FORKERS; i++)
		must(!pthread_join(threads[i], NULL));

	diag("%u forks; pages: all %u, none %u; entries: all %u, none %u; the loose pair: one %u",
	     forks, all, none, entries, no_entries, loose_seen);
	final(is(died, 0, "no child died"));
	final(is(failed[0], 0, "what is always registered diverts in each child: a page"));
	final(is(failed[1], 0, "and a span over two pages"));
	final(is(failed[2], 0, "pages of one call: all or none"));
	final(is(failed[3], 0, "entries of one table: all or none"));
	ok(all && none, "both were met: pages");
	ok(entries && no_entries, "both were met: entries");
	ok(loose_seen, "twin: of two pages registered by two calls one child had but one");
}
