// SPDX-License-Identifier: MIT
/*
 * vm: --append kmemleak=on --timeout 300
 *
 * MEM-3, LIFE-2, LIFE-9, MOD-3: what registration, fork, threads, unmapping and exit took is
 * given back, or found by somebody still.
 *
 * Method: processes that do all of that, many times, some of them killed; then the
 * kernel's leak detector must know nothing of ours.
 */
#include "leaks.h"
#include "probe.h"

const unsigned int test_seconds = 280;

#define VALUE	0x1000
#define ROUNDS	40
#define PAGES	8

static size_t page;

static void *thread(void *arg)
{
	return (void *)(long)probe_fault(arg, VALUE);
}

static void life(void *arg)
{
	int round = *(int *)arg;
	u8 *p = pages_new(PAGES);
	pthread_t t;
	pid_t pid;
	u32 i;

	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, PAGES * page));
	must(!probe_register_table(p, 0));
	for (i = 0; i < 4; i++) {
		must(!pthread_create(&t, NULL, thread, p));
		must(!pthread_join(t, NULL));
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			if (round & 1)
				munmap(p, PAGES * page);
			if (round & 2)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		must(waitpid(pid, NULL, 0) == pid);
	}
	must(!madv_fence());
	must(!madv_unregister(p, 2 * page));
	must(!munmap(p + 3 * page, page));
	/* Refused when it has begun. */
	must(madv_register(p, PAGES * page) == -ENOMEM);
	_exit(0);
}

void test(void)
{
	u32 done = 0;
	int i;

	need_estp();
	need_kmemleak();
	page = page_size();
	for (i = 0; i < ROUNDS; i++) {
		int round = i & 3, status = run_child(life, &round, 60);

		done += exited_with(status, 0);
	}
	is(done, ROUNDS, "processes registered, forked, unmapped and ended");
	no_leaks();
}
