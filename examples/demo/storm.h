/* SPDX-License-Identifier: MIT */
/*
 * A storm: worker threads, more than CPUs, and on every CPU a real-time thread
 * that again and again preempts whoever runs there and moves workers about.
 *
 *   CPU 0:  worker  DISTURBER  worker  DISTURBER ...
 *   CPU 1:  worker  DISTURBER  worker  DISTURBER ...
 *                   '-- sched_setaffinity(any worker, any CPU)
 */
#ifndef STORM_H
#define STORM_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "demo.h"

#define TALLY_MAX	4

/* What one kind of work has come to in one thread. */
struct tally {
	uint64_t done;		/* sequences completed */
	uint64_t restarts;	/* how often one of them was begun again */
};

struct worker {
	pthread_t thread;
	pid_t tid;
	int index;
	const volatile uint32_t *cpu;
	void *arg;
	void (*work)(struct worker *worker);
	struct tally tally[TALLY_MAX];
} __attribute__((aligned(128)));

/* What moves the weather besides the disturbers: called by a real-time thread. */
typedef void (*storm_nuisance)(struct worker *workers, int nr, unsigned int turn);

/**
 * storm() - let workers work under disturbance
 * @workers: @nr of them, with @arg and @work set; work() returns when storm_over()
 * @nuisance: called every 200 us by one real-time thread, instead of the
 *	disturbers; NULL for the disturbers
 * @ms: for how long
 *
 * Return: true; false if threads could not be made, @half says so.
 */
bool storm(struct half *half, struct worker *workers, int nr, storm_nuisance nuisance, int ms);

/** storm_over() - time is up */
bool storm_over(void);

/** storm_sum() - one kind of work, all workers together */
struct tally storm_sum(const struct worker *workers, int nr, int kind);

/** storm_cpus() - confine this process to the first few CPUs it may use; how many they are */
int storm_cpus(void);

/** storm_move() - move a thread (0: the caller) to the @nr-th of those CPUs, modulo */
void storm_move(pid_t tid, unsigned int nr);

/** storm_realtime() - make the calling thread a real-time thread, where it may */
bool storm_realtime(void);

/** storm_nap() - sleep for @us microseconds; for signal handlers as well */
void storm_nap(long us);

#endif /* STORM_H */
