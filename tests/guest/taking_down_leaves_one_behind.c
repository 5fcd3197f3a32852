// SPDX-License-Identifier: MIT
/*
 * LIM-9, MEM-1: a thread that sleeps keeps one set that was taken down, however often its process registers
 * and unregisters meanwhile: the next is not taken down before that has gone.
 *
 * Method: whether a set was taken down is told by the counters, which begin anew with the next (DEV-3); how much
 * was left behind, by the module's references, one for each thread of each set. A thread sleeps in read(2) while
 * another registers, has a fault diverted and unregisters, each time until the kernel's worker has looked. The
 * twin is the same without a sleeper, before and after: taken down each time.
 */
#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define CYCLES	20
#define TASKS	2
#define TRACEFS	"/sys/kernel/tracing"
#define LOOKED	times_in(TRACEFS "/trace", "function look_work")

static void *page;

static void register_and_unregister(void)
{
	must(!probe_register(page) && !probe_fault(page, VALUE) && !madv_unregister(page, page_size()));
}

static bool taken_down(void)
{
	return wait_until(!diverted_all(), 5000);
}

static void each_time(const char *when)
{
	unsigned int i, nr = 0;

	for (i = 0; i < 3; i++) {
		register_and_unregister();
		nr += diverted_all() == 1 && taken_down();
	}
	is(nr, 3, "twin, %s: each is taken down, and the next counts anew", when);
}

static volatile pid_t sleeper_tid;

static void *sleeper(void *pipe)
{
	char byte;

	sleeper_tid = gettid_();
	must(read(*(int *)pipe, &byte, 1) == 1);
	return NULL;
}

void test(void)
{
	unsigned int i, before, looked = 0;
	pthread_t thread;
	int ends[2];
	long users;

	need_estp();
	page = probe_new(VALUE);
	must(!write_file(TRACEFS "/events/workqueue/workqueue_execute_end/enable", "1\n"));
	each_time("nobody sleeps");
	must(wait_until(!diverted_all(), 5000));

	must(!pipe(ends));
	users = module_users();
	must(!pthread_create(&thread, NULL, sleeper, &ends[0]));
	must(wait_until(sleeper_tid && state_of(sleeper_tid) == 'S', 5000));
	register_and_unregister();
	ok(diverted_all() == 1 && taken_down(), "one is taken down beside a thread that sleeps");
	for (i = 0; i < CYCLES; i++) {
		before = LOOKED;
		register_and_unregister();
		looked += wait_until(LOOKED > before, 5000);
	}
	is(looked, CYCLES, "each time the kernel has looked whether anything is left");
	is(diverted_all(), CYCLES, "the next is not: all the diversions are counted in it");
	ok(module_users() - users <= 2 * TASKS, "%d times: no more is left than two sets of %d tasks have",
	   CYCLES, TASKS);
	diag("%ld references", module_users() - users);

	must(write(ends[1], "", 1) == 1);
	must(!pthread_join(thread, NULL));
	ok(taken_down(), "once the thread has run, it is taken down by itself");
	ok(wait_until(module_users() == users, 5000), "nothing is left behind");
	each_time("it sleeps no more");
	must(!write_file(TRACEFS "/events/workqueue/workqueue_execute_end/enable", "0\n"));
}
