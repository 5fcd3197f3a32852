// SPDX-License-Identifier: MIT
/*
 * Fence: a thread spins inside a sequence that nothing but a diversion leaves,
 * on the epoch that it read when it came in. Whoever starts a new epoch and then
 * calls the fence knows, when the fence returns, that nobody goes on with the old
 * one: the thread has begun again, and says so by its heartbeat.
 *
 *	observer	epoch++  FENCE  heartbeat = 0  wait for it; ever the old epoch again?
 *	spinner		... old old old | new new new new ...
 */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>

#include "demo.h"
#include "percpu.h"
#include "spin.h"
#include "storm.h"

#define ROUNDS	600	/* half of them by a fence of all CPUs, half of one */
#define ENOUGH	100	/* rounds after which a slow machine may end early */
#define SECONDS	2.0
#define WATCH	3000	/* looks at the heartbeat after the first */

struct spin {
	volatile uint64_t epoch;
	char pad0[56];
	volatile uint64_t heartbeat;
	char pad1[56];
	volatile uint32_t stop;
};

_Static_assert(offsetof(struct spin, epoch) == SPIN_EPOCH, "spin.h");
_Static_assert(offsetof(struct spin, heartbeat) == SPIN_HEARTBEAT, "spin.h");
_Static_assert(offsetof(struct spin, stop) == SPIN_STOP, "spin.h");

unsigned long spin(struct spin *s);

struct spinner {
	pthread_t thread;
	struct spin *spin;
	volatile unsigned int cpu;
	unsigned long tries;
};

static void *spinner_main(void *arg)
{
	struct spinner *spinner = arg;

	storm_move(0, 1);
	spinner->cpu = *percpu_own_cpu();
	spinner->tries = spin(spinner->spin);
	return NULL;
}

/* Wait for the spinner's next heartbeat: it is inside. Return: its epoch; 0, none came. */
static uint64_t next_heartbeat(struct spin *s)
{
	double end = demo_now() + 2;
	uint64_t beat;

	s->heartbeat = 0;
	while (!(beat = s->heartbeat))
		if (demo_now() > end)
			return 0;
	return beat;
}

/* Is there a heartbeat of an epoch before the present one? */
static bool old_heartbeat(struct spin *s)
{
	uint64_t beat = next_heartbeat(s);
	int i;

	for (i = 0; i < WATCH && (!beat || beat == s->epoch); i++)
		beat = s->heartbeat;
	return beat && beat != s->epoch;
}

static void run(struct half *half)
{
	static struct spin s __attribute__((aligned(64))) = { .epoch = 1 };
	struct spinner spinner = { .spin = &s };
	uint64_t stale[2] = { 0 }, fences[2] = { 0 }, diverted;
	double in_fence = 0, from, end;
	int round, error;
	size_t cpu;

	if (!demo_must(half, storm_cpus() > 1 && percpu_own_cpu(),
		       "expected two CPUs and rseq areas, saw %d CPUs", storm_cpus()))
		return;
	demo_say("a thread spins in a sequence on CPU 1, CPU 0 fences it up to %d times", ROUNDS);
	storm_move(0, 0);
	error = pthread_create(&spinner.thread, NULL, spinner_main, &spinner);
	if (!demo_must(half, !error, "cannot create a thread: %s", strerror(error)))
		return;
	end = demo_now() + SECONDS;
	for (round = 0; round < ROUNDS && (round < ENOUGH || demo_now() < end); round++) {
		if (!demo_must(half, next_heartbeat(&s), "expected the thread inside within 2 s, saw it absent"))
			break;
		cpu = round % 2 ? spinner.cpu + 1 : 0;
		s.epoch++;
		from = demo_now();
		error = madvise(NULL, cpu, MADV_ESTP_FENCE) ? errno : 0;
		in_fence += demo_now() - from;
		/* Without the module there is a twin, but no fence to call. */
		demo_must(half, !error || (error == EINVAL && !half->registered),
			  "fence %zu: expected 0, saw: %s", cpu, strerror(error));
		fences[round % 2]++;
		stale[round % 2] += old_heartbeat(&s);
	}
	s.stop = 1;
	pthread_join(spinner.thread, NULL);
	diverted = demo_diversions(ESTP_PREEMPTION);
	demo_say("%s fences, sequence begun %s times, %s diversions; a fence took %.1f us",
		 demo_number(fences[0] + fences[1]), demo_number(spinner.tries),
		 demo_number(diverted), in_fence / (round ? round : 1) * 1e6);
	demo_must(half, !half->registered || diverted >= (fences[0] + fences[1]) / 2,
		  "expected a diversion for most of %s fences, saw %s",
		  demo_number(fences[0] + fences[1]), demo_number(diverted));
	demo_count(half, "still inside after a fence of all", stale[0], fences[0]);
	demo_count(half, "still inside after a fence of one", stale[1], fences[1]);
}

const struct property fence_property = {
	.name = "fence",
	.claim = "a thread that spins inside a sequence is out of it when the fence returns",
	.selector = ESTP_PREEMPTION,
	.run = run,
};
