// SPDX-License-Identifier: MIT
/*
 * How much of its work a thread gets done that is preempted every so often, in a sequence that
 * begins anew each time: what is left of what it gets done unregistered, in per cent; and how
 * many instructions that costs it each time.
 *
 *   restart
 *
 * A row is a sequence's length in instructions, a column the time from one preemption to the
 * next, in instructions, those of the preempting process and of both switches included. It
 * is a mean: times are spread evenly from half of it to three halves, or sequences
 * that happen to fit between two preemptions would always do so.
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

/* Always the same sequence of times. */
static uint64_t evenly(uint64_t *state, uint64_t below)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (*state >> 33) % below;
}

/* Preempts whoever runs, every so often, until the window is over. */
static void preempt_every(long period)
{
	uint64_t state = 1;
	struct timespec next;
	long elapsed = 0, step;

	real_time(1);
	clock_gettime(CLOCK_MONOTONIC, &next);
	while (elapsed < WINDOW) {
		step = period / 2 + evenly(&state, period);
		elapsed += step;
		next.tv_nsec += step;
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

struct result {
	double finished;	/* sequences, in an instruction of the window */
	double preempted;	/* times, likewise */
};

static struct result work(long period, uint64_t length)
{
	pid_t child;
	uint64_t t;

	shared->counter = 0;
	shared->preemptions = 0;
	shared->stop = 0;
	child = fork();
	if (child < 0)
		die("fork");
	if (!child)
		preempt_every(period);
	while (!shared->preemptions)
		;
	shared->preemptions = 0;
	t = now();
	restart(&shared->counter, RESTART_TURNS(length), &shared->stop);
	t = now() - t;
	waitpid(child, NULL, 0);
	return (struct result){ (double)shared->counter / t, (double)shared->preemptions / t };
}

static void one_cell(uint64_t length, const char *what, long period, double value)
{
	printf("%lu\t%s %ld\t%.1f\t%.1f\t%.1f\t1\n", length, what, period, value, value, value);
	fflush(stdout);
}

int main(void)
{
	static const long periods[] = { 20000, 50000, 200000, 1000000 };
	static const uint64_t lengths[] = { 10, 30, 100, 300, 1000, 3000, 10000, 30000 };
	unsigned int p, l;

	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("mmap");
	for (l = 0; l < sizeof(lengths) / sizeof(*lengths); l++)
		for (p = 0; p < sizeof(periods) / sizeof(*periods); p++) {
			struct result free, bound;
			double lost;

			madvise(restart_page, PAGE, MADV_ESTP_UNREGISTER);
			free = work(periods[p], lengths[l]);
			register_pages(restart_page, 1);
			bound = work(periods[p], lengths[l]);
			one_cell(lengths[l], "every", periods[p], 100 * bound.finished / free.finished);
			lost = (free.finished - bound.finished) * RESTART_ROUND(lengths[l]);
			/* Of few, other things' share is larger. */
			if (periods[p] <= 200000)
				one_cell(lengths[l], "lost, every", periods[p], lost / bound.preempted);
		}
	return 0;
}
