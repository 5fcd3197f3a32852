// SPDX-License-Identifier: MIT
/*
 * allocator-race - a racing double free against an entry that changes its type
 *
 *	a thread that frees			the owner of the region
 *	------------------------		-----------------------
 *	reads "not revoked"
 *	reads the entry: a slab
 *						revokes the region
 *						makes the entry a size
 *						fences
 *						gives the slab's memory to somebody,
 *						who writes into it what looks like a
 *						slab, of which the bitmap is `victim`
 *	follows the slab's chain
 *	sets a bit: in `victim`
 *
 * With the sequence of free.h the fence sends the thread back to its check.  Without
 * its registration the same code, under the same schedule, corrupts; or it reads the
 * size as a link, and is killed.  Both are shown twice: under a schedule that is forced,
 * and in a storm.
 *
 * Exit status: 0, the one never went wrong and the other did; 1, not; 77, no ESTP.
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "free.h"
#include "../tap.h"

#define THREADS		6
#define POISON		0	/* of the memory that was the slab's own bitmap */
#define ENOUGH		3	/* corruptions that end a twin's storm */
#define CHANGES		1500	/* of type, that a storm makes at least, */
#define REFUSALS	200	/* and of frees that found a region revoked */
#define PAUSE_NS	200000	/* between two changes: the others run, and are preempted */
#define STORM_MAX_S	90	/* when it is given up */

static struct pagemap map;
static struct slab slabs[REGIONS];
static uint64_t victim;

/* What one process found out, for its parent. */
struct found {
	bool finished;
	int killed;		/* by this signal */
	uint64_t corrupted, changes, refused, freed, twice, diverted;
	enum freed forced;
};

static double now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* The owner's side --------------------------------------------------------------- */

static void slab_begin(size_t region)
{
	struct slab *slab = &slabs[region];
	size_t i;

	for (i = 0; i < LINKS; i++) {
		slab->chain[i].bitmap = &slab->freed;
		__atomic_store_n(&slab->chain[i].up, i + 1 < LINKS ? &slab->chain[i + 1] : NULL,
				 __ATOMIC_RELAXED);
	}
	slab->freed = 0;
	__atomic_store_n(&map.entry[region], (uintptr_t)slab, __ATOMIC_RELAXED);
	__atomic_store_n(&map.revoked[region], 0, __ATOMIC_RELEASE);
}

/* Nobody may free in this region any more; from the fence on nobody does. */
static void revoke_region(size_t region)
{
	__atomic_store_n(&map.revoked[region], 1, __ATOMIC_RELEASE);
	__atomic_store_n(&map.entry[region], 4096, __ATOMIC_RELEASE);
	/* EINVAL where there is no ESTP: the twin need not care. */
	madvise(NULL, 0, MADV_ESTP_FENCE);
}

/* The new tenant of the slab's memory writes what it likes. */
static void reuse(size_t region)
{
	struct slab *slab = &slabs[region];
	size_t i;

	slab->freed = POISON;
	for (i = 0; i < LINKS; i++) {
		__atomic_store_n(&slab->chain[i].bitmap, &victim, __ATOMIC_RELEASE);
		__atomic_store_n(&slab->chain[i].up, NULL, __ATOMIC_RELEASE);
	}
}

/* What happened to the tenant's memory, or by way of it to somebody else's? */
static bool corrupted(size_t region)
{
	return __atomic_exchange_n(&victim, 0, __ATOMIC_RELAXED) != 0 ||
	       __atomic_load_n(&slabs[region].freed, __ATOMIC_RELAXED) != POISON;
}

/* The forced schedule ------------------------------------------------------------- */

static int entering;

static void *free_one(void *found)
{
	__atomic_store_n(&entering, 1, __ATOMIC_RELEASE);
	((struct found *)found)->forced = object_free(&map, 0, 5);
	return NULL;
}

/*
 * The chain has no end yet: its first link leads to itself.  So the thread stays in the
 * middle of the sequence until the memory is reused, whoever preempts it.  That it is
 * there shows in its own CPU time, which passes nowhere else.
 */
static void forced(struct found *found)
{
	pthread_t thread;
	clockid_t clock;

	slab_begin(0);
	slabs[0].chain[0].up = &slabs[0].chain[0];
	if (pthread_create(&thread, NULL, free_one, found) || pthread_getcpuclockid(thread, &clock))
		return;
	while (!__atomic_load_n(&entering, __ATOMIC_ACQUIRE) || now(clock) < 0.05)
		sched_yield();
	revoke_region(0);
	found->changes = 1;
	reuse(0);
	pthread_join(thread, NULL);
	found->corrupted = corrupted(0);
}

/* The storm ----------------------------------------------------------------------- */

static bool over;
static struct found counts[THREADS] __attribute__((aligned(128)));

static void *free_all(void *arg)
{
	struct found *found = arg;
	unsigned int seed = (unsigned int)(found - counts);

	while (!__atomic_load_n(&over, __ATOMIC_RELAXED)) {
		seed = seed * 1664525 + 1013904223;
		switch (object_free(&map, seed >> 8 & (REGIONS - 1), seed >> 16)) {
		case FREED: found->freed++; break;
		case FREED_TWICE: found->twice++; break;
		case REVOKED: __atomic_store_n(&found->refused, found->refused + 1,
					       __ATOMIC_RELAXED); break;
		}
	}
	return NULL;
}

static uint64_t refused(void)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i < THREADS; i++)
		sum += __atomic_load_n(&counts[i].refused, __ATOMIC_RELAXED);
	return sum;
}

/* A region stays reused while the others have their turn: time to be corrupted in. */
static void storm(struct found *found)
{
	const struct sched_param realtime = { .sched_priority = 10 };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	double end = now(CLOCK_MONOTONIC) + STORM_MAX_S;
	pthread_t thread[THREADS];
	size_t region, i;

	for (region = 0; region < REGIONS; region++)
		slab_begin(region);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, free_all, &counts[i]))
			return;
	/* Without the right to it, fewer are preempted by each change: it takes longer. */
	sched_setscheduler(0, SCHED_FIFO, &realtime);
	for (region = 0; found->corrupted < ENOUGH && now(CLOCK_MONOTONIC) < end &&
	     (found->changes < CHANGES || refused() < REFUSALS); found->changes++) {
		revoke_region(region);
		reuse(region);
		region = (region + 1) % REGIONS;
		if (found->changes >= REGIONS - 1) {
			found->corrupted += corrupted(region);
			slab_begin(region);
		}
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	__atomic_store_n(&over, true, __ATOMIC_RELAXED);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		found->freed += counts[i].freed;
		found->twice += counts[i].twice;
		found->refused += counts[i].refused;
	}
	/* Those that are reused still; the oldest has been begun anew. */
	for (i = 1; i < REGIONS; i++)
		found->corrupted += corrupted((region + i) % REGIONS);
}

/* Each in a process of its own; the twin gives its sequences back. ----------------- */

static struct found run(void (*schedule)(struct found *found), bool twin)
{
	struct found *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
				    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct found found = { 0 };
	int status = 0;
	pid_t pid;

	if (shared == MAP_FAILED)
		return found;
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(2 * STORM_MAX_S);
		if (twin)
			become_twin();
		schedule(shared);
		shared->diverted = diversions(ESTP_PREEMPTION);
		shared->finished = true;
		_exit(0);
	}
	if (pid > 0)
		waitpid(pid, &status, 0);
	found = *shared;
	found.killed = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	munmap(shared, sizeof(*shared));
	printf("# %s: %llu changes of type, %llu objects freed, %llu twice, %llu refused; %llu diversions%s\n",
	       twin ? "twin" : "registered", (unsigned long long)found.changes,
	       (unsigned long long)found.freed, (unsigned long long)found.twice,
	       (unsigned long long)found.refused, (unsigned long long)found.diverted,
	       found.killed ? "; killed" : "");
	return found;
}

int main(void)
{
	struct found with, twin;

	if (estp_object_error() == -ENOSYS)
		tap_skip("this kernel has no ESTP");
	ok(!estp_object_error(), "registration: %s", estp_strerror(estp_object_error()));

	with = run(forced, false);
	ok(with.finished && with.diverted, "forced: the fence diverts the thread that is in the middle");
	ok(with.finished && with.forced == REVOKED, "forced: it then finds the region revoked");
	ok(with.finished && !with.corrupted, "forced: and corrupts nothing");
	twin = run(forced, true);
	ok(twin.finished && twin.corrupted && !twin.diverted,
	   "forced, twin: under the same schedule it corrupts the new tenant's memory");

	with = run(storm, false);
	ok(with.finished && with.changes >= CHANGES && with.refused >= REFUSALS && with.freed,
	   "storm: many changes of type met many frees");
	ok(with.finished && with.diverted, "storm: some were in the middle and began anew");
	ok(with.finished && !with.corrupted, "storm: nothing was corrupted");
	twin = run(storm, true);
	ok((twin.finished && twin.corrupted && !twin.diverted) || twin.killed == SIGSEGV,
	   "storm, twin: after %llu changes of type %s", (unsigned long long)twin.changes,
	   twin.killed ? "it read a size as a link and was killed" : "something was corrupted");
	return tap_end();
}
