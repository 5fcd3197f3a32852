// SPDX-License-Identifier: MIT
/* The storm: see storm.h. Nothing here knows of ESTP. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "percpu.h"
#include "storm.h"

#define PERIOD_US	200
#define CPU_MAX		4	/* there must be more threads than CPUs */

struct disturber {
	pthread_t thread;
	unsigned int index;
	storm_nuisance nuisance;
};

static struct worker *victims;
static int victim_nr;
static pthread_barrier_t begin;
static volatile bool over;
static cpu_set_t allowed;

bool storm_over(void)
{
	return over;
}

int storm_cpus(void)
{
	int cpu;

	if (!CPU_COUNT(&allowed)) {
		sched_getaffinity(0, sizeof(allowed), &allowed);
		for (cpu = CPU_SETSIZE - 1; CPU_COUNT(&allowed) > CPU_MAX; cpu--)
			CPU_CLR(cpu, &allowed);
		sched_setaffinity(0, sizeof(allowed), &allowed);
	}
	return CPU_COUNT(&allowed);
}

void storm_move(pid_t tid, unsigned int nr)
{
	cpu_set_t one;
	int cpu;

	nr %= (unsigned int)storm_cpus();
	for (cpu = 0; cpu < CPU_SETSIZE; cpu++)
		if (CPU_ISSET(cpu, &allowed) && nr-- == 0)
			break;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	sched_setaffinity(tid, sizeof(one), &one);
}

bool storm_realtime(void)
{
	struct sched_param param = { .sched_priority = 10 };

	return !sched_setscheduler(0, SCHED_FIFO, &param);
}

void storm_nap(long us)
{
	struct timespec t = { .tv_nsec = us * 1000 };

	clock_nanosleep(CLOCK_MONOTONIC, 0, &t, NULL);
}

static void *worker_main(void *arg)
{
	struct worker *worker = arg;

	worker->tid = gettid();
	worker->cpu = percpu_own_cpu();
	pthread_barrier_wait(&begin);
	worker->work(worker);
	return NULL;
}

/* Waking up preempts; then one worker is moved, its own CPU's or another's. */
static void *disturber_main(void *arg)
{
	struct disturber *self = arg;
	unsigned int seed = self->index, turn = 0;

	storm_move(0, self->index);
	storm_realtime();
	pthread_barrier_wait(&begin);
	while (!over) {
		storm_nap(PERIOD_US);
		if (self->nuisance)
			self->nuisance(victims, victim_nr, turn++);
		else
			storm_move(victims[rand_r(&seed) % victim_nr].tid, rand_r(&seed));
	}
	return NULL;
}

bool storm(struct half *half, struct worker *workers, int nr, storm_nuisance nuisance, int ms)
{
	static struct disturber disturbers[CPU_MAX];
	int disturber_nr = nuisance ? 1 : storm_cpus();
	int i, error = 0;

	if (!demo_must(half, percpu_own_cpu(),
		       "expected rseq areas, which hold the CPU number, saw none: run without GLIBC_TUNABLES"))
		return false;
	victims = workers;
	victim_nr = nr;
	over = false;
	pthread_barrier_init(&begin, NULL, (unsigned int)(nr + disturber_nr + 1));
	for (i = 0; i < nr && !error; i++) {
		workers[i].index = i;
		error = pthread_create(&workers[i].thread, NULL, worker_main, &workers[i]);
	}
	for (i = 0; i < disturber_nr && !error; i++) {
		disturbers[i] = (struct disturber){ .index = (unsigned int)i, .nuisance = nuisance };
		error = pthread_create(&disturbers[i].thread, NULL, disturber_main, &disturbers[i]);
	}
	/* The process is one half of one property: it may end with threads waiting. */
	if (!demo_must(half, !error, "cannot create a thread: %s", strerror(error)))
		return false;
	pthread_barrier_wait(&begin);
	usleep((useconds_t)ms * 1000);
	over = true;
	for (i = 0; i < nr; i++)
		pthread_join(workers[i].thread, NULL);
	for (i = 0; i < disturber_nr; i++)
		pthread_join(disturbers[i].thread, NULL);
	pthread_barrier_destroy(&begin);
	return true;
}

struct tally storm_sum(const struct worker *workers, int nr, int kind)
{
	struct tally sum = { 0 };
	int i;

	for (i = 0; i < nr; i++) {
		sum.done += workers[i].tally[kind].done;
		sum.restarts += workers[i].tally[kind].restarts;
	}
	return sum;
}
