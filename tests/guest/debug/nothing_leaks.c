// SPDX-License-Identifier: MIT
/*
 * vm: --append kmemleak=on --timeout 300
 *
 * MEM-3, LIFE-2, LIFE-9, MOD-3: what registration, fork, threads, unmapping and exit took is
 * given back, or found by somebody still.
 *
 * Method: processes that do all of that, many times, some of them killed; then the
 * kernel's leak detector scans, thrice, since it believes only what is some seconds old.
 * It must know nothing of ours. That it finds a leak is shown by a planted one
 * (tests/debug_finds_planted).
 */
#include <fcntl.h>
#include <sys/mount.h>

#include "probe.h"

const unsigned int test_seconds = 280;

#define VALUE	0x1000
#define ROUNDS	40
#define PAGES	8
#define KMEMLEAK "/sys/kernel/debug/kmemleak"

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
		if (!fork()) {
			if (round & 1)
				munmap(p, PAGES * page);
			if (round & 2)
				kill(getpid(), SIGKILL);
			_exit(0);
		}
		must(wait(NULL) > 0);
	}
	must(!madv_fence());
	must(madv_register(p, PAGES * page + 1) == -ENOMEM ||
	     madv_register(NULL, page) != 0);
	must(!madv_unregister(p, 2 * page));
	munmap(p + 3 * page, page);
	_exit(0);
}

static void scan(char *text, size_t room)
{
	int fd = open(KMEMLEAK, O_RDWR);
	ssize_t got = 0, n;

	must(fd >= 0);
	must(write(fd, "scan", 4) == 4);
	while ((n = read(fd, text + got, room - 1 - got)) > 0)
		got += n;
	text[got] = 0;
	close(fd);
}

void test(void)
{
	static char text[1 << 20];
	u32 done = 0;
	int i;

	need_estp();
	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	if (access(KMEMLEAK, W_OK))
		skip_all("the kernel does not look for leaks");
	page = page_size();
	for (i = 0; i < ROUNDS; i++) {
		int round = i & 3, status = run_child(life, &round, 60);

		done += exited_with(status, 0);
	}
	is(done, ROUNDS, "processes registered, forked, unmapped and ended");
	for (i = 0; i < 3; i++) {
		sleep_us(6000000);
		scan(text, sizeof(text));
	}
	ok(!strstr(text, "estp"), "the leak detector knows nothing of ours");
	if (strstr(text, "estp"))
		diag("%.2000s", text);
}
