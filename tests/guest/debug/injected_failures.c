// SPDX-License-Identifier: MIT
/*
 * vm: --append kmemleak=on --timeout 900 --mem 1024
 * once: a failure that is not answered once is not answered
 *
 * REG-13, REG-14, LIFE-2, LIFE-5, FEN-1, LIM-6: whichever allocation, page or copy from or to
 * user memory fails, each call ends in an errno with nothing changed, or in success, and a
 * task that could not be covered never runs.
 *
 * Method: the kernel's fail-nth makes the n-th thing fail that may fail in one call of one
 * thread: n goes up from 1 until the call is through without reaching it, so each gets its
 * turn. Proof: so many failures were injected and so many calls failed. The twin is that
 * last round, in which nothing fails and all works. Allocations, pages and copies have all failed, by
 * the kernel's own count; in the end the leak detector must know nothing of ours.
 */
#include <fcntl.h>

#include "leaks.h"
#include "nth.h"
#include "probe.h"
#include "tally.h"

const unsigned int test_seconds = 850;

#define VALUE	0x1000
#define PAGES	24
#define ROUNDS	8		/* until each failure has been met that there can be */
#define OTHERS	6		/* threads beside the one that registers */
static const int task_may[] = { ENOMEM, EAGAIN, 0 };
/* The arguments of clone3() may not be readable: the C library passes that on. */
static const int thread_may[] = { ENOMEM, EAGAIN, EFAULT, 0 };
static size_t page;
static u8 *base;

/* ---- In this process, again and again ------------------------------------------ */

/* The index may have grown all the same: memory is not compared. */
static bool consistent(struct guard *g, u8 *p, bool registered)
{
	struct list list = list_own();
	bool same = list_same(&list, &g->list);

	list_free(&list);
	return (probe_fault(p, VALUE) == 0) == registered && !probe_fault(g->page, g->value) &&
	       same == !registered;
}

static void pages(void)
{
	struct guard g;
	u32 n;

	guard_new(&g, 0x5000);
	for (n = 1; n < LIMIT; n++) {
		bool hit;
		int err;

		inject(n);
		err = madv_register(base, PAGES * page);
		hit = count_injected(err, call_may);
		tally->wrong += !consistent(&g, base + (n % PAGES) * page, !err);
		if (!err)
			must(!madv_unregister(base, PAGES * page));
		if (!hit)
			break;
	}
	report("REGISTER of pages", true);
	must(!madv_unregister(g.page, page));
}

static void table(void)
{
	struct estp_table *header;
	struct guard g;
	struct table t;
	u32 n;

	guard_new(&g, 0x5000);
	table_init(&t, base);
	for (n = 0; n < PAGES; n++)
		probe_entries(&t, base + n * page, 0);
	header = table_header(&t);
	for (n = 1; n < LIMIT; n++) {
		bool hit;
		int err;

		inject(n);
		err = madv_register(header, page);
		hit = count_injected(err, call_may);
		tally->wrong += !consistent(&g, base + (n % PAGES) * page, !err);
		if (!err)
			must(!madv_unregister(base, PAGES * page));
		if (!hit)
			break;
	}
	munmap(header, page);
	table_free(&t);
	report("REGISTER of a table", true);
	must(!madv_unregister(g.page, page));
}

static void replace(void)
{
	u32 n;

	must(!madv_register(base, PAGES * page));
	for (n = 1; n < LIMIT; n++) {
		int which = n & 1, err, i, seen = 0;
		bool hit;

		for (i = 0; i < PAGES; i++)
			probe_header(base + i * page, which);
		inject(n);
		err = madv_register(base, PAGES * page);
		hit = count_injected(err, call_may);
		/* All old or all new. */
		for (i = 0; i < PAGES; i++)
			seen += probe_fault(base + i * page, VALUE) == (err ? !which : which);
		tally->wrong += seen != PAGES;
		if (err)
			must(!madv_register(base, PAGES * page));
		if (!hit)
			break;
	}
	for (n = 0; n < PAGES; n++)
		probe_header(base + n * page, 0);
	report("REGISTER in place of what was there", true);
	must(!madv_unregister(base, PAGES * page));
}

static void unregister(void)
{
	u32 n;

	for (n = 1; n < LIMIT; n++) {
		bool hit;

		must(!madv_register(base, PAGES * page));
		inject(n);
		tally->wrong += madv_unregister(base, PAGES * page) != 0;
		hit = injected();
		tally->injected += hit;
		tally->wrong += probe_fault(base, VALUE) != -1;
		if (!hit)
			break;
	}
	report("UNREGISTER", false);
}

/* With somebody to divert, on another CPU. */
static void fence(void)
{
	struct spinner s;
	u32 n;

	must(!madv_register(base, PAGES * page));
	for (n = 1; n < LIMIT; n++) {
		bool hit;

		spinner_start(&s, base, ESTP_PREEMPTION, 1);
		inject(n);
		tally->wrong += madv_fence() != 0;
		hit = injected();
		tally->injected += hit;
		tally->wrong += !wait_until(s.done, 20000);
		tally->wrong += spinner_end(&s) != PROBE_VALUE(VALUE, ESTP_PREEMPTION, 0);
		if (!hit)
			break;
	}
	report("FENCE", false);
	must(!madv_unregister(base, PAGES * page));
}

static void device(void)
{
	static struct estp_sequence seq[PAGES * ESTP_SELECTOR_NR];
	u32 n;

	must(!madv_register(base, PAGES * page));
	for (n = 1; n < LIMIT; n++) {
		struct estp_list list = { .mem_fd = -1, .sequences = (u64)seq,
					  .capacity = ARRAY_LEN(seq) };
		bool hit;
		int err;

		inject(n);
		err = device_ioctl(ESTP_IOC_LIST, &list);
		hit = count_injected(err, call_may);
		if (!err)
			tally->wrong += list.count != ARRAY_LEN(seq);
		if (!hit)
			break;
	}
	report("the device's list", true);
	must(!madv_unregister(base, PAGES * page));
}

/* What fails midway has counted as unmapping, of all of it, and stays where it was. */
static void move(void)
{
	const size_t wide = 1ul << 30;
	u8 *hole = mmap(NULL, wide, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	/* Where there is no page table yet, and other memory, which comes from the top, does not get. */
	u8 *elsewhere = (u8 *)(((u64)hole + wide / 2) & -(u64)(wide / 16));
	static const int move_may[] = { ENOMEM, 0 };
	u32 n, ended = 0, kept = 0, rounds = 0;

	must(hole != MAP_FAILED && !munmap(hole, wide));
	/*
	 * The page table is not the n-th thing each time, as the kernel's debugging has memory of its
	 * own, now and then: it may have been passed over.
	 */
	for (n = 1; n < LIMIT; n++) {
		struct list list;
		bool hit, still;
		int err;

		must(!madv_register(base, PAGES * page));
		inject(n);
		err = mremap(base, PAGES * page, PAGES * page, MREMAP_MAYMOVE | MREMAP_FIXED,
			     elsewhere) == MAP_FAILED ? -errno : 0;
		hit = count_injected(err, move_may);
		if (!err) {
			tally->wrong += probe_fault(elsewhere, VALUE) != -1;
			must(mremap(elsewhere, PAGES * page, PAGES * page,
				    MREMAP_MAYMOVE | MREMAP_FIXED, base) == base);
		}
		still = !probe_fault(base, VALUE);
		list = list_own();
		tally->wrong += list.nr != (still ? PAGES * ESTP_SELECTOR_NR : 0) || (still && !err);
		list_free(&list);
		ended += err && !still;
		kept += err && still;
		if (still)
			must(!madv_unregister(base, PAGES * page));
		if (!hit && (ended || ++rounds == ROUNDS))
			break;
		if (!hit)
			n = 0;
	}
	report("mremap of what is registered", true);
	ok(ended, "%u of those that failed had ended the registration", ended);
	ok(kept, "and %u, before anything was moved, had not", kept);
}

/* ---- A process or thread each ---------------------------------------------------- */

static unsigned int now_n;
/* Shared: the round did not come to it, and all worked; the new task came to an instruction of its own. */
static volatile bool *went_through, *ran;

static void *waits(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

/* Threads to cover, so that memory for one of them is surely wanting in some round (see ROUNDS). */
static void first(void *arg)
{
	pthread_t thread;
	int err, i;

	(void)arg;
	for (i = 0; i < OTHERS; i++)
		must(!pthread_create(&thread, NULL, waits, NULL));
	open_nth();
	inject(now_n);
	err = madv_register(base, PAGES * page);
	*went_through = !count_injected(err, call_may) && !err;
	tally->wrong += (probe(base, VALUE, ESTP_FAULT) == 0) != !err;
	if (!err)
		tally->wrong += probe(base, VALUE, ESTP_PREEMPTION) != 0;
	_exit(0);
}

static void forked(void *arg)
{
	bool hit;
	pid_t pid;
	int status;

	(void)arg;
	must(!madv_register(base, PAGES * page));
	open_nth();
	inject(now_n);
	pid = fork();
	if (!pid) {
		struct list list;

		*ran = true;
		list = list_own();

		/* Its status says which; 1 is what the harness itself dies with. */
		if (list.nr != PAGES * ESTP_SELECTOR_NR)
			_exit(2);
		if (probe(base, VALUE, ESTP_FAULT))
			_exit(3);
		_exit(probe(base + page, VALUE, ESTP_PREEMPTION) ? 4 : 0);
	}
	hit = count_injected(pid < 0 ? -errno : 0, task_may);
	*went_through = !hit && pid > 0;
	if (pid < 0)
		_exit(0);
	must(waitpid(pid, &status, 0) == pid);
	if (hit && killed_by(status, SIGKILL) && !*ran) {
		tally->killed++;
	} else if (!exited_with(status, 0)) {
		diag("fork, failure %u: the child ended by %s", now_n, ending(status));
		tally->wrong++;
	}
	_exit(0);
}

static void *covered(void *arg)
{
	(void)arg;
	*ran = true;
	if (probe(base, VALUE, ESTP_FAULT) != 0 || probe(base, VALUE, ESTP_PREEMPTION) != 0)
		tally->wrong++;
	return NULL;
}

static void threaded(void *arg)
{
	pthread_t thread;
	int err;

	(void)arg;
	must(!madv_register(base, PAGES * page));
	open_nth();
	inject(now_n);
	err = pthread_create(&thread, NULL, covered, NULL);
	*went_through = !count_injected(-err, thread_may) && !err;
	if (!err)
		must(!pthread_join(thread, NULL));
	_exit(0);
}

/*
 * From the first failure on until none is met, @rounds times, as one may have been passed over (see move()); and
 * again, until a child or thread has been killed that could not be covered, where there are such.
 */
static void each(const char *what, void (*fn)(void *arg), u32 rounds, bool kills)
{
	u32 done = 0;

	for (now_n = 1; now_n < LIMIT; now_n++) {
		int status;

		*went_through = *ran = false;
		status = run_child(fn, NULL, 60);
		/* A thread that could not be covered takes its process with it. */
		if (fn == threaded && killed_by(status, SIGKILL) && !*ran) {
			tally->killed++;
			tally->injected++;
		} else if (!exited_with(status, 0)) {
			diag("%s, failure %u: ended by %s", what, now_n, ending(status));
			tally->wrong++;
		}
		if (!*went_through)
			continue;
		if (++done >= rounds && (tally->killed || !kills || done == ROUNDS))
			break;
		now_n = 0;
	}
	ok(*went_through, "%s: the last round goes through", what);
	if (kills)
		ok(tally->killed, "%s: who could not be covered was killed", what);
	report(what, true);
}

void test(void)
{
	u32 i;

	need_estp();
	need_cpus(2);
	need_injection();
	need_kmemleak();
	page = page_size();
	tally = shared(sizeof(*tally));
	went_through = shared(page);
	ran = shared(page);
	base = pages_new(PAGES);
	for (i = 0; i < PAGES; i++) {
		probe_code(base + i * page, VALUE);
		probe_header(base + i * page, 0);
	}
	pin(0);
	each("a first REGISTER", first, 1, false);
	each("fork", forked, 2, true);
	each("a new thread", threaded, 1, true);
	open_nth();
	pages();
	table();
	replace();
	unregister();
	fence();
	device();
	move();
	ok(no_memory && no_access, "calls failed for want of memory (%u), and of access to it (%u)",
	   no_memory, no_access);
	for (i = 0; i < ARRAY_LEN(nth_kind); i++)
		ok(nth_met(nth_kind[i]), "%s: %u injected, says the kernel", nth_kind[i], nth_met(nth_kind[i]));
	no_leaks();
}
