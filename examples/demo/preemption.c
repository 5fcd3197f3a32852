// SPDX-License-Identifier: MIT
/*
 * PREEMPTION: threads, more than there are CPUs, add to per-CPU counters with plain
 * loads and stores while they are preempted and migrated by force.
 *
 * Each thread counts for itself how often it has added. The sum of that is what the
 * counters must hold: a thread that was taken off its CPU between load and commit
 * and simply went on would overwrite what others have added meanwhile.
 */
#include "demo.h"
#include "percpu.h"
#include "storm.h"

#define THREADS	6
#define MS	2000

static void work(struct worker *worker)
{
	struct percpu *counters = worker->arg;

	while (!storm_over()) {
		worker->tally[0].restarts += percpu_add(counters, worker->cpu) - 1;
		worker->tally[0].done++;
	}
}

static void run(struct half *half)
{
	static struct worker workers[THREADS];
	struct percpu *counters = percpu_new();
	uint64_t expected, counted, diverted;
	struct tally sum;
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].arg = counters;
		workers[i].work = work;
	}
	demo_say("%d threads add to per-CPU counters on %d CPUs for %.1f s", THREADS,
		 storm_cpus(), MS / 1e3);
	if (!storm(half, workers, THREADS, NULL, MS))
		return;
	sum = storm_sum(workers, THREADS, 0);
	expected = sum.done;
	counted = percpu_sum(counters);
	diverted = demo_diversions(ESTP_PREEMPTION);
	demo_say("expected %s, counted %s; restarts seen by the sequence %s, diversions %s",
		 demo_number(expected), demo_number(counted), demo_number(sum.restarts),
		 demo_number(diverted));
	demo_must(half, counted <= expected, "expected at most %s counted, saw %s",
		  demo_number(expected), demo_number(counted));
	demo_must(half, sum.restarts <= diverted,
		  "expected no restart without a diversion, saw %s restarts, %s diversions",
		  demo_number(sum.restarts), demo_number(diverted));
	demo_count(half, "updates lost", expected - counted, expected);
}

const struct property preemption_property = {
	.name = "preemption",
	.claim = "per-CPU counters without atomics stay right under preemption and migration",
	.selector = ESTP_PREEMPTION,
	.run = run,
};
