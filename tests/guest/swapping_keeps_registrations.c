// SPDX-License-Identifier: MIT
/*
 * LIFE-10, EVT-5: memory of registered pages that is swapped out and comes back stays registered,
 * and no event reads it: a fault whose response's page is in the swap diverts as ever.
 *
 * Method: a disk in memory to swap to. The pages of a probe, and of a table's entry whose response
 * lies on another page, are paged out, which the page map tells; then each event is forced, and
 * brings back what it executes. The page of a response is still out when its fault is diverted. The
 * twin, unregistered, is brought back by a fault that stays a signal.
 *
 * vm: --kernel-module brd
 */
#include <fcntl.h>
#include <sys/swap.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE		0x1000
#define DISK		"/dev/ram0"
#define SWAP_PAGES	1024u
#define PAGES		2
#define TRIES		20

static size_t page;
static u8 *p;

/* What mkswap writes: version, number of the last page, a word in the end of the first one. */
static void make_swap(void)
{
	static u8 head[1 << 16];
	u32 *info = (u32 *)(head + 1024);
	int fd = open(DISK, O_RDWR | O_CLOEXEC);

	must(fd >= 0 && page <= sizeof(head));
	info[0] = 1;
	info[1] = SWAP_PAGES - 1;
	memcpy(head + page - 10, "SWAPSPACE2", 10);
	must(write(fd, head, page) == (ssize_t)page && !fsync(fd));
	close(fd);
	must(!swapon(DISK, 0));
}

static bool swapped(const void *at)
{
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	u64 entry;

	must(fd >= 0 && pread(fd, &entry, 8, (u64)at / page * 8) == 8);
	close(fd);
	return entry >> 62 & 1;
}

/*
 * A page may be looked at by somebody just then, and stay: again. Or it waits on the list of a CPU that
 * had it last, and only that one takes it off: by each in turn.
 */
static bool page_out(void)
{
	cpu_set_t anywhere;
	int try;
	bool out = false;

	must(!sched_getaffinity(0, sizeof(anywhere), &anywhere));
	for (try = 0; try < TRIES && !out; try++) {
		pin(try % cpus_nr());
		must(!madvise(p, PAGES * page, MADV_PAGEOUT));
		out = swapped(p) && swapped(p + page);
		if (!out)
			sleep_us(1000);
	}
	must(!sched_setaffinity(0, sizeof(anywhere), &anywhere));
	return out;
}

void test(void)
{
	static const char *const names[] = {
		[ESTP_FAULT] = "FAULT", [ESTP_PREEMPTION] = "PREEMPTION", [ESTP_INTERRUPT] = "INTERRUPT",
	};
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	struct list before, after;
	struct estp_entry *far;
	struct table t;
	unsigned int i;
	u64 diversions;

	need_estp_and_counters();
	page = page_size();
	make_swap();
	p = pages_new(PAGES);
	for (i = 0; i < PAGES; i++)
		probe_code(p + i * page, VALUE + 0x100 * i);
	ok(page_out(), "twin: the pages are in the swap");
	is(probe_load(p, NULL), PROBE_FAULTED, "twin: unregistered, the fault is a signal");
	ok(!swapped(p), "twin: and its page is back");

	probe_header(p, 0);
	must(!madv_register(p, page));
	before = list_own();
	for (i = 0; i < ESTP_SELECTOR_NR; i++) {
		diversions = diverted(i);
		ok(page_out(), "%s: the pages are in the swap", names[i]);
		is(probe(p, VALUE, i), 0, "%s: it diverts", names[i]);
		ok(!swapped(p) && diverted(i) > diversions, "%s: its page is back, and the kernel counted", names[i]);
	}
	after = list_own();
	ok(list_same(&before, &after), "the list is as before");
	list_free(&before);
	list_free(&after);
	must(!madv_unregister(p, page));

	table_init(&t, p);
	far = table_add(&t, ESTP_FAULT, p + f->start, f->end - f->start, p + page + f->response[0]);
	must(far && !table_register(&t));
	table_free(&t);
	ok(page_out(), "far response: the pages are in the swap");
	/* Bring back the page of the fault alone. */
	must(*(volatile u8 *)p || true);
	ok(!swapped(p) && swapped(p + page), "that of the response alone still is");
	is(probe_load(p, NULL), PROBE_VALUE(VALUE + 0x100, ESTP_FAULT, 0), "the fault leads there all the same");
	ok(!swapped(p + page), "which brings it back");
	must(!madv_unregister(p, page));
	must(!swapoff(DISK));
}
