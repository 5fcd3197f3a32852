// SPDX-License-Identifier: MIT
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "isa.h"
#include "turns.h"

#ifdef __clang__
#define COMPILER	__VERSION__
#else
#define COMPILER	"gcc " __VERSION__
#endif

enum { ROUNDS = 301, QUICK_ROUNDS = 11, WARM_UP = 3, WAYS = 16, RUNS = 256, ATTEMPTS = 3, TOGETHER = 50 };

static int threads = 1, rounds = ROUNDS;
static double slice_ns = 50e3;
static int cpu_of[2];
static void (*begin)(int cpu);

/* The second thread: waits for a job, does it at once with the first one. */
static pthread_t second;
static unsigned int job, ready, done;
static void (*job_run)(unsigned long turns);
static unsigned long job_turns;
static double second_start, second_end;
static unsigned long slices, apart;

static struct {
	void (*run)(unsigned long turns);
	unsigned long turns;
} runs[RUNS];

/* The last row. */
static const struct way *last;
static size_t last_nr;
static double inverse[WAYS], inverse_low[WAYS], inverse_high[WAYS];

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

static void wait_until(const unsigned int *word, unsigned int value)
{
	unsigned int i = 0;

	while (__atomic_load_n(word, __ATOMIC_ACQUIRE) != value)
		if (++i % 1024)
			SPIN();
		else
			sched_yield();
}

static void move_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set)) {
		perror("bench: sched_setaffinity");
		exit(1);
	}
	if (begin)
		begin(cpu);
}

static void *second_thread(void *unused)
{
	unsigned int nr = 0;

	move_to(cpu_of[1]);
	for (;;) {
		__atomic_store_n(&done, nr++, __ATOMIC_RELEASE);
		wait_until(&job, nr);
		if (!job_run)
			return unused;
		__atomic_store_n(&ready, nr, __ATOMIC_RELEASE);
		second_start = now();
		job_run(job_turns);
		second_end = now();
	}
}

static void *nothing(void *unused)
{
	return unused;
}

/* A process of one thread that never had another is spared atomic instructions by glibc. */
static void become_threaded(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL)) {
		fprintf(stderr, "bench: no second thread\n");
		exit(1);
	}
}

void turns_begin(int argc, char **argv, void (*thread_begin)(int cpu))
{
	cpu_set_t set;
	int cpu, nr = 0, i;

	for (i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--quick")) {
			rounds = QUICK_ROUNDS;
			slice_ns = 10e3;
		} else if (!strcmp(argv[i], "--threads") && i + 1 < argc &&
			   (!strcmp(argv[i + 1], "1") || !strcmp(argv[i + 1], "2"))) {
			threads = atoi(argv[++i]);
		} else {
			fprintf(stderr, "usage: %s [--quick] [--threads 1|2]\n", argv[0]);
			exit(125);
		}
	}
	sched_getaffinity(0, sizeof(set), &set);
	for (cpu = 0; cpu < CPU_SETSIZE && nr < threads; cpu++)
		if (CPU_ISSET(cpu, &set))
			cpu_of[nr++] = cpu;
	if (nr < threads) {
		fprintf(stderr, "bench: two threads need two CPUs, and this process may use one\n");
		exit(77);
	}
	printf("where\tcompiler\t%s\nwhere\tflags\t%s\n", COMPILER, BENCH_FLAGS);
	printf("where\tthreads\t%d, each on a CPU of its own\n", threads);
	printf("where\trounds\t%d\nwhere\tslice\tsome %.0f us\n", rounds, slice_ns / 1e3);
	become_threaded();
	begin = thread_begin;
	move_to(cpu_of[0]);
	if (threads == 2) {
		done = -1;
		if (pthread_create(&second, NULL, second_thread, NULL)) {
			fprintf(stderr, "bench: no second thread\n");
			exit(1);
		}
		wait_until(&done, 0);
	}
}

int turns_threads(void)
{
	return threads;
}

static void count(void (*run)(unsigned long turns), unsigned long turns)
{
	size_t i = 0;

	while (runs[i].run && runs[i].run != run)
		if (++i == RUNS)
			abort();
	runs[i].run = run;
	runs[i].turns += turns;
}

unsigned long turns_run(void (*run)(unsigned long turns))
{
	for (size_t i = 0; i < RUNS && runs[i].run; i++)
		if (runs[i].run == run)
			return runs[i].turns;
	return 0;
}

/* From the first one's start to the last one's end. */
static double slice_of_two(void (*run)(unsigned long turns), unsigned long turns, bool *together)
{
	double start, end, late;

	job_run = run;
	job_turns = turns;
	__atomic_store_n(&job, job + 1, __ATOMIC_RELEASE);
	wait_until(&ready, job);
	start = now();
	run(turns);
	end = now();
	wait_until(&done, job);
	late = start > second_start ? start - second_start : second_start - start;
	start = start < second_start ? start : second_start;
	end = end > second_end ? end : second_end;
	*together = late < (end - start) / 8;
	return end - start;
}

static double slice(void (*run)(unsigned long turns), unsigned long turns)
{
	bool together = false;
	double t;

	if (threads == 1) {
		count(run, turns);
		t = now();
		run(turns);
		return now() - t;
	}
	/* One of them may have had to wait for its CPU, and each was alone then. */
	for (int i = 0; i < TOGETHER && !together; i++) {
		count(run, turns * 2);
		t = slice_of_two(run, turns, &together);
	}
	slices++;
	apart += !together;
	return t;
}

/* The quickest of some attempts: an interrupted one would make slices too short. */
static unsigned long turns_of_slice(void (*run)(unsigned long turns))
{
	unsigned long turns = 1;
	double best = 0;

	for (; turns < 1ul << 30; turns *= best * 32 < slice_ns ? 16 : 2) {
		best = slice_ns * 8;

		for (int i = 0; i < ATTEMPTS; i++) {
			double t = slice(run, turns);

			if (t < best)
				best = t;
		}
		if (best >= slice_ns / 2)
			break;
	}
	return turns;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void sort(double *v)
{
	qsort(v, rounds, sizeof(*v), ascending);
}

void turns_row(const char *row, const struct way *ways, size_t way_nr, size_t baseline)
{
	static double ns[WAYS][ROUNDS], ratio[WAYS][ROUNDS];
	unsigned long turns[WAYS];
	size_t w;
	int r;

	if (way_nr > WAYS)
		abort();
	for (w = 0; w < way_nr; w++)
		turns[w] = turns_of_slice(ways[w].run);
	for (r = -WARM_UP; r < rounds; r++) {
		double before = slice(ways[baseline].run, turns[baseline]) / turns[baseline];

		for (size_t i = 0; i < way_nr; i++) {
			double t, after;

			w = (i + r + WARM_UP) % way_nr;
			if (w == baseline)
				continue;
			t = slice(ways[w].run, turns[w]) / turns[w];
			after = slice(ways[baseline].run, turns[baseline]) / turns[baseline];
			if (r >= 0) {
				ns[w][r] = t;
				ratio[w][r] = t / ((before + after) / 2);
				ns[baseline][r] = after;
				ratio[baseline][r] = 1;
			}
			before = after;
		}
	}
	for (w = 0; w < way_nr; w++) {
		sort(ns[w]);
		sort(ratio[w]);
		printf("%s\t%s\t%.3f\t%.3f\t%.3f\t%d\t%.3f\t%.3f\t%.3f\n", row, ways[w].column,
		       ns[w][rounds / 2], ns[w][rounds / 4], ns[w][rounds * 3 / 4], rounds,
		       ratio[w][rounds / 2], ratio[w][rounds / 4], ratio[w][rounds * 3 / 4]);
		inverse[w] = 1 / ratio[w][rounds / 2];
		inverse_low[w] = 1 / ratio[w][rounds * 3 / 4];
		inverse_high[w] = 1 / ratio[w][rounds / 4];
	}
	fflush(stdout);
	last = ways;
	last_nr = way_nr;
}

void turns_bound(const char *text, const char *column, double most)
{
	for (size_t w = 0; w < last_nr; w++)
		if (!strcmp(last[w].column, column)) {
			printf("bound\t%s\t%.3f\t%.3f\t%.3f\t%.3f\n", text, inverse[w], most,
			       inverse_low[w], inverse_high[w]);
			return;
		}
	abort();
}

void turns_end(void)
{
	if (threads == 2) {
		if (apart)
			printf("note\tIn %lu of %lu slices the two threads did not begin together.\n",
			       apart, slices);
		job_run = NULL;
		__atomic_store_n(&job, job + 1, __ATOMIC_RELEASE);
		pthread_join(second, NULL);
	}
	if (fflush(stdout) || ferror(stdout)) {
		perror("bench: standard output");
		exit(1);
	}
}
