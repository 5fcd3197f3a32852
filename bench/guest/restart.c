// SPDX-License-Identifier: MIT
/*
 * How much of its work a thread gets done that is preempted every so often, in a sequence that
 * begins anew each time: what is left of what it gets done unregistered, in per cent.
 *
 *   restart
 *
 * A row is a sequence's length in instructions, a column the time from one preemption to the
 * next, in instructions, those of the preempting process and of both switches included.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

static struct {
	volatile uint64_t counter, preemptions;
	volatile int stop;
} *shared;

#define WINDOW	40000000	/* ns, instructions */

/* Preempts whoever runs, every period, until the window is over. */
static void preempt_every(long period)
{
	struct timespec next;
	long elapsed;

	real_time(1);
	clock_gettime(CLOCK_MONOTONIC, &next);
	for (elapsed = 0; elapsed < WINDOW; elapsed += period) {
		next.tv_nsec += period;
		if (next.tv_nsec >= 1000000000) {
			next.tv_nsec -= 1000000000;
			next.tv_sec++;
		}
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
		shared->preemptions++;
	}
	shared->stop = 1;
	_exit(0);
}

/* Sequences finished in a window, and instructions of theirs. */
static uint64_t work(long period, uint64_t length)
{
	pid_t child;

	shared->counter = 0;
	shared->stop = 0;
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		preempt_every(period);
	/* Of 2 * nr + 2 instructions; see code.S. */
	restart(&shared->counter, (length - 2) / 2, &shared->stop);
	waitpid(child, NULL, 0);
	return shared->counter;
}

int main(void)
{
	static const long periods[] = { 20000, 50000, 200000, 1000000, 4000000 };
	static const uint64_t lengths[] = { 10, 30, 100, 300, 1000, 3000, 10000 };
	unsigned int p, l;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
		for (p = 0; p < sizeof(periods) / sizeof(*periods); p++) {
			uint64_t unprotected, protected;
			double useful;

			madvise(restart_page, PAGE, MADV_ESTP_UNREGISTER);
			unprotected = work(periods[p], lengths[l]);
			register_pages(restart_page, 1);
			protected = work(periods[p], lengths[l]);
			useful = unprotected ? 100.0 * protected / unprotected : 0;
			printf("%lu\tevery %ld\t%.1f\t%.1f\t%.1f\t1\n", lengths[l], periods[p], useful,
			       useful, useful);
			fflush(stdout);
		}
	return 0;
}
