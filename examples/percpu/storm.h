/* SPDX-License-Identifier: MIT */
/*
 * What the four programs have in common: threads, more than CPUs, that do one thing all
 * the time, while they are preempted, moved and signalled; registered, and then as the
 * twin.
 */
#ifndef STORM_H
#define STORM_H

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

#include <estp/percpu.h>

#include "../tap.h"

enum { WORKERS = 8 };

static volatile bool storm_over;
static __thread long *storm_done;
static long (*storm_once)(void);
static struct worker {
	pthread_t thread;
	volatile pid_t tid;
	long done;
} workers[WORKERS];

/* The handler does the same as what it interrupts, maybe in its middle. */
static void storm_signal(int sig)
{
	(void)sig;
	if (storm_done)
		__atomic_fetch_add(storm_done, storm_once(), __ATOMIC_RELAXED);
}

static void *storm_work(void *arg)
{
	struct worker *me = arg;

	storm_done = &me->done;
	me->tid = (pid_t)syscall(SYS_gettid);
	while (!storm_over)
		__atomic_fetch_add(&me->done, storm_once(), __ATOMIC_RELAXED);
	storm_done = NULL;
	return NULL;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void pin(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	sched_setaffinity(tid, sizeof(set), &set);
}

/* One round; the sum of what once() returned. */
static long storm(long (*once)(void))
{
	const struct sched_param fifo = { .sched_priority = 10 }, other = { 0 };
	const struct timespec pause = { .tv_nsec = 100000 };
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), i;
	long done = 0;

	signal(SIGUSR1, storm_signal);
	storm_once = once;
	storm_over = false;
	for (i = 0; i < WORKERS; i++) {
		workers[i].done = workers[i].tid = 0;
		pthread_create(&workers[i].thread, NULL, storm_work, &workers[i]);
	}
	for (i = 0; i < WORKERS; i++)
		while (!workers[i].tid)
			sched_yield();
	/* Where this thread wakes up, whoever runs there has to go. */
	sched_setscheduler(0, SCHED_FIFO, &fifo);
	for (i = 0; i < 600; i++) {
		pin(workers[i % WORKERS].tid, (i / WORKERS + i) % cpus);
		pthread_kill(workers[i % WORKERS].thread, SIGUSR1);
		pin(0, i % cpus);
		nanosleep(&pause, NULL);
	}
	storm_over = true;
	sched_setscheduler(0, SCHED_OTHER, &other);
	for (i = 0; i < WORKERS; i++) {
		pthread_join(workers[i].thread, NULL);
		done += workers[i].done;
	}
	return done;
}

/*
 * round() runs a storm on fresh data, says what came of it, and returns how much went
 * wrong. Registered, rounds go on until there were diversions enough; as the twin, until
 * something goes wrong, which it has to.
 */
static int example(const char *property, long (*round)(const char *who))
{
	extern const char __executable_start[], etext[];
	uintptr_t start = (uintptr_t)__executable_start & -65536ul, before;
	double end = seconds() + 90;
	long wrong = 0;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		tap_skip("it takes two CPUs");
	before = diversions(ESTP_PREEMPTION);
	do {
		wrong += round("registered");
	} while (!wrong && diversions(ESTP_PREEMPTION) - before < 10 && seconds() < end);
	ok(!wrong, "%s", property);
	ok(diversions(ESTP_PREEMPTION) - before >= 10, "with %lu diversions",
	   (unsigned long)(diversions(ESTP_PREEMPTION) - before));

	if (madvise((void *)start, (uintptr_t)etext - start, MADV_ESTP_UNREGISTER))
		perror("unregister");
	end = seconds() + 40;
	do {
		wrong = round("twin");
	} while (!wrong && seconds() < end);
	ok(wrong, "and without ESTP not: the twin goes wrong");
	return tap_end();
}

/* A token; or the program ends here and says why. */
static estp_cpu_t take_token(void)
{
	estp_cpu_t cpu;
	int error = estp_cpu(&cpu);

	if (error)
		tap_skip(error == -ENXIO ? "threads have no CPU number" : estp_strerror(error));
	return cpu;
}

#endif
