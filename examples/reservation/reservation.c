// SPDX-License-Identifier: MIT
/*
 * reservation - a load on condition that a reservation holds
 *
 *	a thread that pops			another one
 *	------------------			-----------
 *	node = *head, reserved
 *						pops the same node,
 *						and gives its memory away
 *	next = node->next			SIGSEGV
 *	*head = next, if the reservation holds: it does not
 *
 * The load comes too late, and nothing would come of it: the store after it is going to
 * fail. Lock-free lists keep it from faulting all the same, and that is most of their trouble: memory of
 * nodes is never given back, or only when nobody can be reading it any more (hazard pointers,
 * epochs, reference counts). Here it may fault. arm64/pop.h's response breaks the reservation and goes on behind the
 * load; the store fails, as it would have, and the pop begins again.
 *
 * Shown twice: under a schedule that is forced, by a tracer, and in a storm. The twin is the same
 * code with its sequences given back.
 *
 * Exit status: 0, the one never went wrong and the other did; 1, not; 77, no ESTP.
 */
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>

#include "../tap.h"
#include "pop.h"

#define NODES		1500	/* each on a page of its own */
#define FORCED_NODES	8
#define THREADS		4
#define SPINS		10000	/* between reservation and load, in the storm */
#define ENOUGH		20	/* diversions that end it */
#define PAUSE_NS	150000	/* between two disturbances */
#define STORM_MAX_S	60
#define PATIENCE_S	120

static size_t page;

/* What a child found out, for its parent. */
static struct found {
	struct node *head;
	uint64_t popped, sum, faults, wrong, rounds, diverted;
	bool finished, bad;
} *found;

/* @nr nodes, the last one first: from @base on, a page each. */
static void list_begin(struct node **head, char *base, uint64_t nr)
{
	struct node *node = NULL, *next = NULL;
	uint64_t i;

	for (i = 0; i < nr; i++) {
		node = (struct node *)(base + i * page);
		node->next = next;
		node->number = i + 1;
		next = node;
	}
	__atomic_store_n(head, node, __ATOMIC_RELEASE);
}

static void child_ends(void)
{
	found->diverted = diversions(ESTP_FAULT);
	found->finished = true;
	_exit(0);
}

/* The forced schedule -------------------------------------------------------------- */

static void pop_all(void)
{
	struct node *node;

	step_me();
	while ((node = pop(&found->head, 1, &found->faults))) {
		if (node == BAD_LIST) {
			found->bad = true;
			break;
		}
		found->popped++;
		found->sum += node->number;
	}
	child_ends();
}

/*
 * The child is stopped before its first load. Meanwhile its parent, which shares the list, takes the
 * node and gives the memory away: the last page of a file, which is cut off. With @taken false
 * it cuts and takes nothing: the list is bad.
 */
static int forced(bool twin, bool taken)
{
	int file = memfd_create("nodes", MFD_CLOEXEC), status = -1;
	uint64_t faults = 0;
	char *base;
	pid_t pid;

	memset(found, 0, sizeof(*found));
	if (file < 0 || ftruncate(file, (off_t)(FORCED_NODES * page)))
		return -1;
	base = mmap(NULL, FORCED_NODES * page, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (base == MAP_FAILED)
		return -1;
	list_begin(&found->head, base, FORCED_NODES);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(PATIENCE_S);
		if (twin)
			become_twin();
		pop_all();
	}
	if (!step_to(pid, reserved_load, 1) ||
	    (taken && pop(&found->head, 1, &faults)->number != FORCED_NODES) ||
	    ftruncate(file, (off_t)((FORCED_NODES - 1) * page)))
		kill(pid, SIGKILL);
	let_go(pid);
	waitpid(pid, &status, 0);
	munmap(base, FORCED_NODES * page);
	close(file);
	return status;
}

/* The storm ----------------------------------------------------------------------- */

static struct node *head;
static unsigned char taken[NODES + 1];

/* Each node it takes is unmapped as soon as its number has been read. */
static void *work(void *unused)
{
	uint64_t faults = 0, number;
	struct node *node;

	while ((node = pop(&head, SPINS, &faults)) && node != BAD_LIST) {
		number = node->number;
		if (__atomic_fetch_add(&taken[number], 1, __ATOMIC_RELAXED))
			__atomic_fetch_add(&found->wrong, 1, __ATOMIC_RELAXED);
		munmap(node, page);
		__atomic_fetch_add(&found->popped, 1, __ATOMIC_RELAXED);
		__atomic_fetch_add(&found->sum, number, __ATOMIC_RELAXED);
	}
	if (node)
		found->bad = true;
	__atomic_fetch_add(&found->faults, faults, __ATOMIC_RELAXED);
	return unused;
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void storm_round(void)
{
	const struct sched_param realtime = { .sched_priority = 10 }, other = { 0 };
	const struct timespec pause = { .tv_nsec = PAUSE_NS };
	char *base = mmap(NULL, NODES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t thread[THREADS];
	int i;

	if (base == MAP_FAILED)
		_exit(2);
	memset(taken, 0, sizeof(taken));
	list_begin(&head, base, NODES);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&thread[i], NULL, work, NULL))
			_exit(2);
	/* Where this thread wakes up, whoever runs there has to go. */
	sched_setscheduler(0, SCHED_FIFO, &realtime);
	while (__atomic_load_n(&head, __ATOMIC_RELAXED)) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(i++ % 2, &set);
		sched_setaffinity(0, sizeof(set), &set);
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
	}
	sched_setscheduler(0, SCHED_OTHER, &other);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	for (i = 1; i <= NODES; i++)
		found->wrong += taken[i] != 1;
	found->rounds++;
}

static int storm(bool twin)
{
	int status = -1;
	pid_t pid;

	memset(found, 0, sizeof(*found));
	fflush(stdout);
	pid = fork();
	if (!pid) {
		double end = now() + STORM_MAX_S;

		alarm(PATIENCE_S);
		if (twin)
			become_twin();
		do
			storm_round();
		while (!found->wrong && !found->bad && diversions(ESTP_FAULT) < ENOUGH && now() < end);
		child_ends();
	}
	waitpid(pid, &status, 0);
	printf("# %s: %llu rounds, %llu nodes taken, %llu wrongly; %llu faults, %llu diversions%s\n",
	       twin ? "twin" : "registered", (unsigned long long)found->rounds,
	       (unsigned long long)found->popped, (unsigned long long)found->wrong,
	       (unsigned long long)found->faults, (unsigned long long)found->diverted,
	       WIFSIGNALED(status) ? "; killed" : "");
	return status;
}

static bool killed_by(int status, int signal)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

int main(void)
{
	const uint64_t left = (FORCED_NODES - 1) * FORCED_NODES / 2, all = NODES * (NODES + 1) / 2;
	int status;

	if (estp_object_error() == -ENOSYS)
		tap_skip("this kernel has no ESTP");
	ok(!estp_object_error(), "registration: %s", estp_strerror(estp_object_error()));
	page = (size_t)sysconf(_SC_PAGESIZE);
	found = mmap(NULL, sizeof(*found), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (found == MAP_FAILED)
		return 1;

	status = forced(false, true);
	ok(!status && found->finished && found->faults == 1 && found->diverted == 1,
	   "forced: the node is gone when it is read, and that is one diversion");
	ok(!status && found->popped == FORCED_NODES - 1 && found->sum == left,
	   "forced: the store fails, and each other node is taken, once");
	status = forced(true, true);
	ok(killed_by(status, SIGBUS) && !found->popped, "forced, twin: it is killed by SIGBUS");
	status = forced(false, false);
	ok(!status && found->bad && found->faults == FAULTS_MAX && !found->popped,
	   "a bad list, which nobody has changed: after %d faults it is known for one", FAULTS_MAX);

	status = storm(false);
	ok(!status && found->finished && found->diverted >= ENOUGH && found->faults == found->diverted,
	   "storm: many nodes were gone when they were read");
	ok(!status && !found->wrong && !found->bad && found->popped == NODES * found->rounds &&
	   found->sum == all * found->rounds, "storm: each node was taken once");
	status = storm(true);
	ok(killed_by(status, SIGSEGV), "storm, twin: it is killed by SIGSEGV");
	return tap_end();
}
