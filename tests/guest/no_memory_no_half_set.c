// SPDX-License-Identifier: MIT
/*
 * REG-13, REG-14, LIFE-5, MEM-2: where the process's memory cgroup is exhausted,
 * registration is ENOMEM and nothing changes; fork, and the creation of a thread, fail
 * or end in SIGKILL before the first user instruction: never a partial set, nor a task
 * without protection. UNREGISTER works all the same.
 *
 * Method: a process that the OOM killer may not take sits in a small group. It is given
 * a little more memory step by step, so that each allocation in turn is the one that
 * fails, and tries: a first registration, further ones, forks, threads. The twin of each
 * is the last step, where it succeeds. A kernel's leak detector must know nothing of ours at the end.
 *
 * Only the kernel's own allocations may fail: one for a page fault of a process that cannot
 * be killed is tried for ever, and where the kernel cannot write the rseq area it raises
 * SIGSEGV. So there is no rseq, and nobody touches new memory, or memory that a fork has
 * made copy-on-write, before there is room again.
 *
 * vm: --timeout 260 --append kmemleak=on
 * alone: its guest is short of memory
 */
#include <fcntl.h>
#include <linux/futex.h>
#include <malloc.h>
#include <sys/rseq.h>

#include "debug/leaks.h"
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 120;

#define VALUE	0x1000
#define GROUP	"tight"
#define CGROUP	"/sys/fs/cgroup/" GROUP
#define PAGES	4096
#define FEWER	1024		/* where each attempt takes its time */
#define EVERY	31		/* of so many pages one is probed; all are counted */
#define STEP	4096
#define STEPS	120
#define FIRST_ROUNDS 32
#define THREADS	40
#define THREAD_ROUNDS 6
#define HEAP	(4 << 20)
#define STACK	(256 << 10)
#define next_step(i) ((i) + ((i) < 24 ? 1 : 12))

static size_t page;
static u8 *pages, *table_code;

/* Open, and read once, so that later uses need no memory. */
static int current_fd = -1, max_fd = -1;

static void open_group(void)
{
	char text[64];

	current_fd = open(CGROUP "/memory.current", O_RDONLY | O_CLOEXEC);
	max_fd = open(CGROUP "/memory.max", O_WRONLY | O_CLOEXEC);
	must(current_fd >= 0 && max_fd >= 0);
	must(pread(current_fd, text, sizeof(text), 0) > 0);
}

static void set_max(const char *text)
{
	must(pwrite(max_fd, text, strlen(text), 0) > 0);
}

/* So much more than is in use now; 0: no limit. */
static void set_room(long bytes)
{
	char text[32] = "";

	if (!bytes) {
		set_max("max");
		return;
	}
	/* What each CPU keeps charged in advance is given back only so. */
	set_max("0");
	must(pread(current_fd, text, sizeof(text) - 1, 0) > 0);
	snprintf(text, sizeof(text), "%ld", atol(text) + bytes);
	set_max(text);
}

static struct result {
	u32 nomem, killed, fine, other, changed, half, looked, unprotected, cannot_unregister;
	int error;
} *result;

static void classify(int err)
{
	if (!err)
		result->fine++;
	else if (err == -ENOMEM)
		result->nomem++;
	else {
		result->other++;
		result->error = err;
	}
}

static bool all_divert(u8 *p, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i += EVERY)
		if (probe_fault(p + i * page, VALUE))
			return false;
	return true;
}

static bool none_diverts(u8 *p, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i += EVERY)
		if (probe_fault(p + i * page, VALUE) != -1)
			return false;
	return true;
}

/*
 * fork with little room. The parent makes room again before its next access to memory; the
 * child's may have to wait for that.
 */
static pid_t fork_with(long room)
{
	long fd = max_fd, pid;

	set_room(room);
	pid = bare_syscall(SYS_clone, SIGCHLD, 0, 0, 0);
	if (pid)
		bare_syscall(SYS_pwrite64, fd, (long)"max", 3, 0);
	return pid;
}

static void no_rseq(void)
{
	char *area = (char *)__builtin_thread_pointer() + __rseq_offset;
	size_t len = __rseq_size < 32 ? 32 : __rseq_size;

	must(!__rseq_size || !syscall(SYS_rseq, area, len, 1 /* unregister */, RSEQ_SIG));
}

/* More stack than anything here uses. */
static void __attribute__((noinline)) have_stack(void)
{
	u8 stack[STACK];

	memset(stack, 0, STACK);
	__asm__ volatile("" : : "r"(stack) : "memory");
}

/* In the group, by pid, and not to be taken by the OOM killer. */
static void join(void)
{
	no_rseq();
	have_stack();
	memory_group(GROUP, true);
	must(!write_file("/proc/self/oom_score_adj", "-1000"));
	/* All that is needed here is there and stays. */
	must(!mlockall(MCL_CURRENT));
	none_diverts(pages, PAGES);
	stats();
}

enum there { NONE, HALF, WHOLE };

/* Registers with little room; what it says and what is there must agree. */
static void attempt(long room, int (*what)(void), enum there (*there)(void))
{
	struct list before = list_own(), after;
	bool same;
	int err;

	set_room(room);
	err = what();
	set_room(0);
	classify(err);
	after = list_own();
	same = list_same(&before, &after);
	result->changed += err ? !same : same;
	result->half += there() != (err ? NONE : WHOLE);
	if (!err) {
		set_room(1);
		err = madv_unregister(pages, (PAGES + 1) * page);
		set_room(0);
		result->cannot_unregister += err != 0;
	}
	list_free(&after);
	after = list_own();
	result->changed += !list_same(&before, &after);
	list_free(&after);
	list_free(&before);
}

static int all_pages(void)
{
	return madv_register(pages, FEWER * page);
}

static enum there all_pages_there(void)
{
	struct estp_stats now = stats();

	if (now.pages == FEWER && all_divert(pages, FEWER))
		return WHOLE;
	return !now.sequences && none_diverts(pages, FEWER) ? NONE : HALF;
}

/* A table over many pages, made before memory gets short. */
static struct table table;
static struct estp_table *header;

static int one_table(void)
{
	return madv_register(header, page);
}

static enum there one_table_there(void)
{
	u64 sequences = stats().sequences;
	bool diverts = !probe_fault(table_code, VALUE);

	if (sequences == table.nr && diverts)
		return WHOLE;
	return !sequences && !diverts ? NONE : HALF;
}

static void registering(void *arg)
{
	int i;

	(void)arg;
	table_init(&table, table_code);
	probe_entries(&table, table_code, 0);
	table_add(&table, ESTP_FAULT, table_code + 0x10, 20 * page, table_code + 0x40)->causes =
		ESTP_CAUSE_ILL;
	header = table_header(&table);
	join();
	for (i = 1; i <= STEPS; i = next_step(i)) {
		attempt(i * STEP, all_pages, all_pages_there);
		attempt(i * STEP, one_table, one_table_there);
		/* What is freed late has to come back before the next. */
		sleep_us(2000);
	}
	attempt(0, all_pages, all_pages_there);
	attempt(0, one_table, one_table_there);
	_exit(0);
}

/* A first registration each: a process for each step. */
static void first(void *arg)
{
	(void)arg;
	join();
	set_room(*(long *)arg);
	classify(probe_register(pages));
	set_room(0);
	if (probe_fault(pages, VALUE) != (stats().pages ? 0 : -1))
		result->half++;
	_exit(0);
}

static volatile u32 *ran;

static void forking(void *arg)
{
	int i;

	(void)arg;
	join();
	must(!madv_register(pages, PAGES * page));
	for (i = 1; i <= STEPS; i = next_step(i)) {
		int status;
		pid_t pid;

		*ran = 0;
		pid = fork_with(i * STEP);
		if (!pid) {
			*ran = 1;
			_exit(stats().pages == PAGES && all_divert(pages, PAGES) ? 0 : 2);
		}
		if (pid < 0) {
			classify(pid);
			continue;
		}
		must(waitpid(pid, &status, 0) == pid);
		if (exited_with(status, 0))
			result->fine++;
		else if (exited_with(status, 2))
			result->half++;
		else if (killed_by(status, SIGKILL) && !*ran)
			result->killed++;
		else
			result->other++;
	}
	_exit(0);
}

/* How a process of threads ends. */
enum { REFUSED = 40, ALL_THERE };
static u32 may_go;

static void *look_and_stay(void *unused)
{
	__atomic_fetch_add(&result->looked, 1, __ATOMIC_RELAXED);
	if (!all_divert(pages, 1))
		__atomic_fetch_add(&result->unprotected, 1, __ATOMIC_RELAXED);
	while (!__atomic_load_n(&may_go, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &may_go, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
	return unused;
}

/* Threads until there is no more memory, or all of them; it may cost the process its life. */
static void threading(void *arg)
{
	static pthread_t threads[THREADS];
	size_t len = 2 * sysconf(_SC_THREAD_STACK_MIN);
	u8 *stacks = shared(THREADS * len);
	pthread_attr_t attr;
	void *heap;
	int i, nr;

	/* Memory for the C library's part of them. */
	must(mallopt(M_TRIM_THRESHOLD, HEAP) && mallopt(M_MMAP_THRESHOLD, HEAP));
	heap = malloc(HEAP / 2);
	must(heap);
	free(memset(heap, 1, HEAP / 2));
	memset(stacks, 1, THREADS * len);
	join();
	must(!madv_register(pages, page));
	must(!pthread_attr_init(&attr));
	set_room(*(long *)arg);
	for (nr = 0; nr < THREADS; nr++) {
		must(!pthread_attr_setstack(&attr, stacks + nr * len, len));
		if (pthread_create(&threads[nr], &attr, look_and_stay, NULL))
			break;
	}
	set_room(0);
	__atomic_store_n(&may_go, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &may_go, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
	for (i = 0; i < nr; i++)
		pthread_join(threads[i], NULL);
	_exit(nr < THREADS ? REFUSED : ALL_THERE);
}

/* @changes: it has been seen each time whether anything changed, and whether UNREGISTER works. */
static void report(const char *what, bool changes)
{
	diag("%s: ENOMEM %u, killed %u, fine %u", what, result->nomem, result->killed,
	     result->fine);
	ok(result->nomem + result->killed, "%s: without memory it fails", what);
	ok(result->fine, "%s: twin: with memory it does not", what);
	if (!is(result->other, 0, "%s: in no other way", what))
		diag("error %s", strerror(-result->error));
	final(is(result->half, 0, "%s: no half set", what));
	if (changes) {
		is(result->changed, 0, "%s: nothing changed where it failed", what);
		is(result->cannot_unregister, 0, "%s: UNREGISTER always works", what);
	}
	memset(result, 0, sizeof(*result));
}

static void run(void (*fn)(void *arg), void *arg, const char *what)
{
	int status = run_child(fn, arg, 60);

	set_room(0);
	if (!ok(exited_with(status, 0), "%s: it comes to its end", what))
		diag("ended by %s", ending(status));
}

void test(void)
{
	u32 i, killed = 0, refused = 0;
	long room;

	need_estp();
	/*
	 * Each failure is a hundred lines on an emulated serial line, which take longer than
	 * the rest. A stock kernel's trouble ends in a panic, which is told all the same.
	 */
	if (slowness() == 1)
		must(!write_file("/proc/sys/kernel/printk", "1"));
	page = page_size();
	result = shared(sizeof(*result));
	ran = shared(page);
	/* Shared, so that no fork has to copy: only the kernel's memory counts. */
	pages = mmap(NULL, (PAGES + 32) * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(pages != MAP_FAILED);
	table_code = pages + PAGES * page;
	for (i = 0; i <= PAGES; i++) {
		probe_code(pages + i * page, VALUE);
		probe_header(pages + i * page, 0);
	}
	memory_group(GROUP, false);
	open_group();

	run(registering, NULL, "registering");
	report("registering", true);
	for (i = 1; i <= FIRST_ROUNDS; i++) {
		int status;

		room = i < FIRST_ROUNDS ? i * STEP : 0;
		status = run_child(first, &room, 30);
		set_room(0);
		if (!exited_with(status, 0))
			result->other++;
	}
	report("a first registration", false);
	run(forking, NULL, "forking");
	report("fork", false);
	for (i = 0; i <= THREAD_ROUNDS; i++) {
		int status;

		room = i < THREAD_ROUNDS ? (100 + 20 * i) * 1024l : 0;
		status = run_child(threading, &room, 30);
		set_room(0);
		killed += killed_by(status, SIGKILL);
		refused += exited_with(status, REFUSED);
		if (!room)
			ok(exited_with(status, ALL_THERE), "threads: twin: with memory all %u of them (%s)", THREADS,
			   ending(status));
		else if (!killed_by(status, SIGKILL) && !exited_with(status, REFUSED))
			diag("ended by %s", ending(status));
	}
	diag("threads: %u processes were killed, %u were refused one; %u threads ran", killed, refused, result->looked);
	is(killed + refused, THREAD_ROUNDS, "threads: without memory no more of them");
	ok(result->looked > THREADS, "threads: some ran where memory was short");
	final(is(result->unprotected, 0, "threads: each that ran was protected"));
	if (has_kmemleak())
		no_leaks();
}
