// SPDX-License-Identifier: MIT
/*
 * LIM-9, REG-18: a registration that comes while what was registered before is being taken down covers all
 * threads, those that have slept since before the first of the two and those that were attached to that.
 *
 * Method: one CPU. Many threads sleep; a page is registered, half of the threads have a fault diverted and sleep
 * again, and it is unregistered. When the kernel's worker begins to let go of the threads, a thread that goes before
 * it is told by the kernel's trace, and gets its turn as soon as the worker lets others run, which is after each
 * 32. It registers the page anew and wakes all the others, which go before the worker, too: each has its fault
 * diverted, and ends. That the worker had not come to its end yet is seen by its event of that, behind a mark of
 * the registration's.
 *
 * vm: --cpus 1
 */
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 120;

#define VALUE	0x1000
#define THREADS	512
#define ROUNDS	16
#define WANTED	4
#define STACK	(128ul << 10)	/* what arm64 wants at least */
#define TRACEFS	"/sys/kernel/tracing"
#define END_EVENT TRACEFS "/events/workqueue/workqueue_execute_end/enable"
#define RELEASE	"estp_threads_release"
#define MARK	"registers anew"

static void *page;
static u32 turn;			/* which of the two registrations has come */
static volatile u32 diverted_nr, missed;

static void sleep_until(u32 wanted)
{
	u32 now;

	while ((now = __atomic_load_n(&turn, __ATOMIC_ACQUIRE)) < wanted)
		syscall(SYS_futex, &turn, FUTEX_WAIT_PRIVATE, now, NULL, NULL, 0);
}

static void wake(u32 now)
{
	__atomic_store_n(&turn, now, __ATOMIC_RELEASE);
	syscall(SYS_futex, &turn, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static void fault(void)
{
	if (probe_fault(page, VALUE))
		missed++;
	else
		diverted_nr++;
}

static void *sleeper(void *attached)
{
	if (attached) {
		sleep_until(1);
		fault();
	}
	sleep_until(2);
	fault();
	return NULL;
}

/* Until the worker begins to let go of threads: the events up to then are taken out of the trace. */
static void wait_for_release(int pipe)
{
	static char text[1 << 16];
	ssize_t n;

	do {
		n = read(pipe, text, sizeof(text) - 1);
		must(n > 0);
		text[n] = 0;
	} while (!strstr(text, RELEASE));
}

/* Is the worker's end behind the mark? */
static bool came_between(void)
{
	const char *text = read_file(TRACEFS "/trace"), *at = strstr(text, MARK);

	must(at);
	return strstr(at, "function look_work");
}

static bool register_between(int pipe)
{
	static pthread_t thread[THREADS];
	pthread_attr_t attr;
	unsigned int i;
	bool between;

	must(!pthread_attr_init(&attr) && !pthread_attr_setstacksize(&attr, STACK));
	turn = 0;
	for (i = 0; i < THREADS; i++)
		must(!pthread_create(&thread[i], &attr, sleeper, i % 2 ? &turn : NULL));
	pthread_attr_destroy(&attr);
	/* Each is asleep when this goes on: they go before it as soon as they have their priority. */
	for (i = 0; i < THREADS; i++)
		must(!pthread_setschedparam(thread[i], SCHED_FIFO, &(struct sched_param){ 20 }));
	must(!probe_register(page));
	wake(1);
	must(!madv_unregister(page, page_size()));
	wait_for_release(pipe);
	must(!write_file(TRACEFS "/trace_marker", MARK));
	must(!probe_register(page));
	wake(2);
	for (i = 0; i < THREADS; i++)
		must(!pthread_join(thread[i], NULL));
	between = wait_until(came_between(), 5000);
	must(!madv_unregister(page, page_size()));
	return between;
}

void test(void)
{
	unsigned int rounds = 0, between = 0;
	int pipe;

	need_estp();
	page = probe_new(VALUE);
	must(!write_file(TRACEFS "/set_ftrace_filter", RELEASE));
	must(!write_file(TRACEFS "/current_tracer", "function"));
	must(!write_file(END_EVENT, "1\n"));
	/* While this is open the tracer stays. */
	pipe = open(TRACEFS "/trace_pipe", O_RDONLY | O_CLOEXEC);
	must(pipe >= 0);
	set_fifo(0, 10);
	/* RT kernels tell by a thread of little priority, and on a busy host sometimes too late. */
	for (; rounds < ROUNDS && between < WANTED; rounds++) {
		between += register_between(pipe);
		must(wait_until(!module_users(), 10000));
	}
	set_fifo(0, 0);
	close(pipe);
	must(!write_file(END_EVENT, "0\n"));
	must(!write_file(TRACEFS "/current_tracer", "nop"));
	must(!write_file(TRACEFS "/set_ftrace_filter", ""));
	is(between, WANTED, "%d times of %u it was registered anew while it was being taken down", WANTED, rounds);
	final(is(missed, 0, "no thread was without protection"));
	is(diverted_nr, rounds * THREADS * 3 / 2, "each had its faults diverted");
}
