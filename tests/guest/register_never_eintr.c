// SPDX-License-Identifier: MIT
/*
 * REG-13: registration never fails with EINTR, also where its handler was installed
 * without SA_RESTART: an interrupted call restarts.
 *
 * Method: processes, one after the other, make their first registration, which is the
 * one that waits longest in the kernel, then further ones, under a storm of signals
 * from a timer and from a sibling. Proof: the handler has run when a call returns; the
 * twin is a pause() under the same storm, which does fail with EINTR.
 */
#include <sys/time.h>

#include "probe.h"

#define VALUE	0x1000
#define CHILDREN 20
#define ROUNDS	3
#define PAGES	64

static volatile u32 handled;

static void on_signal(int sig)
{
	(void)sig;
	handled++;
}

static void *pester(void *arg)
{
	pid_t tid = *(pid_t *)arg;

	for (;;)
		syscall(SYS_tgkill, getpid(), tid, SIGUSR2);
	return NULL;
}

static struct result {
	u32 registrations, interrupted, wrong, signals, met, divert;
	int error;
} *result;

static void child(void *arg)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct itimerval often = { { 0, 300 }, { 0, 300 } };
	static pid_t tid;
	pthread_t thread;
	u8 *p = arg;
	int i, err;
	u32 before;

	tid = gettid_();
	must(!sigaction(SIGALRM, &action, NULL));
	must(!sigaction(SIGUSR2, &action, NULL));
	must(!pthread_create(&thread, NULL, pester, &tid));
	must(!setitimer(ITIMER_REAL, &often, NULL));

	if (pause() && errno == EINTR)
		result->interrupted++;
	for (i = 0; i < ROUNDS; i++) {
		before = handled;
		err = madv_register(p, PAGES * page_size());
		result->met += handled != before;
		if (err) {
			result->wrong++;
			result->error = err;
		}
		result->registrations++;
		result->divert += !probe_fault(p, VALUE);
		/* Everything goes: the next one is a first registration, sooner or later. */
		err = madv_unregister(p, PAGES * page_size());
		if (err) {
			result->wrong++;
			result->error = err;
		}
	}
	result->signals += handled;
	_exit(0);
}

void test(void)
{
	unsigned int i, endings = 0;
	u8 *p;

	need_estp();
	result = shared(sizeof(*result));
	p = pages_new(PAGES);
	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page_size(), VALUE);
		probe_header(p + i * page_size(), 0);
	}
	for (i = 0; i < CHILDREN; i++) {
		int status = run_child(child, p, 10);

		endings += exited_with(status, 0);
	}
	is(endings, CHILDREN, "all processes came to their end");
	is(result->interrupted, CHILDREN, "twin: pause() is interrupted in each");
	diag("%u signals", result->signals);
	ok(result->met >= CHILDREN * ROUNDS / 2, "a signal or more came within %u registrations", result->met);
	is(result->registrations, CHILDREN * ROUNDS, "so many registrations");
	if (!is(result->wrong, 0, "no call failed"))
		diag("one failed with %s", strerror(-result->error));
	is(result->divert, CHILDREN * ROUNDS, "after each of them the page diverts");
}
