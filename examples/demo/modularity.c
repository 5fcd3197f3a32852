// SPDX-License-Identifier: MIT
/*
 * Modularity: four pieces of software in one process, each with sequences of its
 * own, registered by itself, none knowing of the others:
 *
 *	program		per-CPU counters	percpu.S
 *	linked library	per-CPU lists		list.S
 *	dlopen'ed one	per-CPU tallies		tally.S, which has a FAULT response too
 *	generated code	per-CPU counters	jit.c, in a page written at run time
 *
 * All work in every thread under one storm. Then the dlopen'ed library is closed,
 * and the same bytes, header and all, are put at the same address by somebody who
 * has not registered them: nothing there may be diverted any more. (That nothing
 * was would prove little if nothing happened there, so updates must get lost.)
 * At last the library is opened again, now elsewhere, and is protected again.
 */
#include <dlfcn.h>
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "demo.h"
#include "jit.h"
#include "linked.h"
#include "loaded.h"
#include "percpu.h"
#include "storm.h"

#define THREADS		6
#define MS		2200
#define MS_AFTER	800
#define NODES		300000	/* each thread's; who has pushed them all pushes no more */
#define FAULTS		100
#define PAGE_LEN	((size_t)sysconf(_SC_PAGESIZE))
#define LIBRARY		"libdemo_loaded.so"

enum { PROGRAM, LINKED, LOADED, GENERATED, KINDS };

static const char *const names[KINDS] = {
	"lost by the program", "lost by the linked library",
	"lost by the dlopen'ed library", "lost by generated code",
};

typedef unsigned long (*counting)(void *counters, const volatile uint32_t *cpu);

static struct percpu *counters, *tallies, *generated_counters;
static struct list *lists;
static counting generated;
static struct loaded loaded;

static const uint64_t amount = 3;
static uint32_t generated_amount;

static void did(struct worker *worker, int kind, unsigned long tries)
{
	worker->tally[kind].restarts += tries - 1;
	worker->tally[kind].done++;
}

static void all_work(struct worker *worker)
{
	struct node *node = worker->arg, *end = node + NODES;

	while (!storm_over()) {
		did(worker, PROGRAM, percpu_add(counters, worker->cpu));
		if (node < end)
			did(worker, LINKED, list_push(lists, node++, worker->cpu));
		did(worker, LOADED, loaded.add(tallies, worker->cpu, &amount));
		did(worker, GENERATED, generated(generated_counters, worker->cpu));
	}
}

static void loaded_work(struct worker *worker)
{
	while (!storm_over())
		did(worker, LOADED, loaded.add(tallies, worker->cpu, &amount));
}

static void *open_library(struct half *half)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);
	const struct loaded *found = library ? dlsym(library, LOADED_SYMBOL) : NULL;
	int error;

	if (!demo_must(half, found, "expected %s to load, saw: %s", LIBRARY, dlerror()))
		return NULL;
	loaded = *found;
	error = loaded.registered();
	demo_must(half, !half->registered || !error,
		  "expected %s to be registered by its constructor, saw: %s", LIBRARY, strerror(error));
	/* Loading registers; the twin is made anew. */
	if (!half->registered)
		demo_give_back();
	return library;
}

static bool generate(struct half *half)
{
	char *page = mmap(NULL, PAGE_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (!demo_must(half, page != MAP_FAILED, "no memory for generated code"))
		return false;
	generated_amount = 2 + (uint32_t)rand() % 1000;
	generated = (counting)(page + jit_write(page, generated_amount));
	if (!demo_must(half, !mprotect(page, PAGE_LEN, PROT_READ | PROT_EXEC),
		       "cannot make generated code executable: %s", strerror(errno)))
		return false;
	return demo_must(half, !half->registered || !madvise(page, PAGE_LEN, MADV_ESTP_REGISTER),
			 "expected generated code to be registered, saw: %s", strerror(errno));
}

static sigjmp_buf way_out;

static void foreign_handler(int signal)
{
	siglongjmp(way_out, signal);
}

/* The library's FAULT response, with somebody else's handler about. */
static void try_faults(struct half *half)
{
	struct sigaction action = { .sa_handler = foreign_handler }, old;
	static struct percpu slot[1];
	volatile uint64_t handled = 0, answered = 0;
	volatile int i;
	static const uint32_t cpu;

	sigaction(SIGSEGV, &action, &old);
	for (i = 0; i < FAULTS; i++) {
		if (sigsetjmp(way_out, 1))
			handled++;
		else
			answered += loaded.add(slot, &cpu, NULL) == 0;
	}
	sigaction(SIGSEGV, &old, NULL);
	demo_must(half, handled + answered == FAULTS, "expected %d faults to be answered, saw %s",
		  FAULTS, demo_number(handled + answered));
	demo_count(half, "handler ran: dlopen'ed library", handled, FAULTS);
}

/* Storm over all four; what each has counted against what it should have. */
static void all_at_once(struct half *half)
{
	static struct worker workers[THREADS];
	uint64_t counted[KINDS], restarts = 0, remainder;
	struct tally sum;
	int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].arg = malloc(NODES * sizeof(struct node));
		workers[i].work = all_work;
		if (!demo_must(half, workers[i].arg, "no memory for nodes"))
			return;
	}
	if (!storm(half, workers, THREADS, NULL, MS))
		return;
	counted[PROGRAM] = percpu_sum(counters);
	counted[LINKED] = list_count(lists, percpu_cpus(), (uint64_t)THREADS * NODES);
	counted[LOADED] = percpu_sum(tallies) / amount;
	counted[GENERATED] = percpu_sum(generated_counters) / generated_amount;
	remainder = percpu_sum(tallies) % amount + percpu_sum(generated_counters) % generated_amount;
	demo_must(half, !remainder, "expected multiples of what was added, saw a remainder");
	for (i = 0; i < KINDS; i++) {
		sum = storm_sum(workers, THREADS, i);
		restarts += sum.restarts;
		demo_must(half, counted[i] <= sum.done, "%s: expected at most %s, saw %s", names[i],
			  demo_number(sum.done), demo_number(counted[i]));
		demo_must(half, !half->registered || sum.restarts,
			  "%s: proved nothing: expected restarts, saw none in %s", names[i],
			  demo_number(sum.done));
		demo_count(half, names[i], sum.done - counted[i], sum.done);
	}
	demo_must(half, restarts <= demo_diversions(ESTP_PREEMPTION),
		  "expected no restart without a diversion, saw %s restarts, %s diversions",
		  demo_number(restarts), demo_number(demo_diversions(ESTP_PREEMPTION)));
	demo_say("restarts seen by the sequences %s, diversions %s", demo_number(restarts),
		 demo_number(demo_diversions(ESTP_PREEMPTION)));
}

/* Storm over what is at loaded.add now. */
static bool loaded_alone(struct half *half, uint64_t *lost, struct tally *sum)
{
	static struct worker workers[THREADS];
	int i;

	memset(workers, 0, sizeof(workers));
	tallies = percpu_new();
	for (i = 0; i < THREADS; i++)
		workers[i].work = loaded_work;
	if (!storm(half, workers, THREADS, NULL, MS_AFTER))
		return false;
	*sum = storm_sum(workers, THREADS, LOADED);
	*lost = sum->done - percpu_sum(tallies) / amount;
	return true;
}

/* Close the library, put the same bytes there. */
static bool reuse_address(struct half *half, void *library)
{
	char *page = (char *)((uintptr_t)loaded.add & -(uintptr_t)PAGE_LEN);
	static char bytes[65536];
	char *again;

	memcpy(bytes, page, PAGE_LEN);
	dlclose(library);
	again = mmap(page, PAGE_LEN, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (!demo_must(half, again == page, "expected the library's address to be free, saw: %s",
		       strerror(errno)))
		return false;
	memcpy(page, bytes, PAGE_LEN);
	return demo_must(half, !mprotect(page, PAGE_LEN, PROT_READ | PROT_EXEC),
			 "cannot make code executable: %s", strerror(errno));
}

static void run(struct half *half)
{
	uint64_t lost, diverted;
	struct tally sum;
	void *library;

	counters = percpu_new();
	tallies = percpu_new();
	generated_counters = percpu_new();
	lists = (struct list *)percpu_new();
	library = open_library(half);
	if (!library || !generate(half))
		return;
	demo_must(half, !half->registered || !linked_registered(),
		  "expected the linked library to be registered, saw: %s", strerror(linked_registered()));
	try_faults(half);
	demo_say("%d threads use all four in turn for %.1f s", THREADS, MS / 1e3);
	all_at_once(half);

	demo_say("dlclose; the same bytes at the same address, unregistered, for %.1f s", MS_AFTER / 1e3);
	if (!reuse_address(half, library))
		return;
	diverted = demo_diversions(ESTP_PREEMPTION);
	if (!loaded_alone(half, &lost, &sum))
		return;
	diverted = demo_diversions(ESTP_PREEMPTION) - diverted;
	demo_say("%s diversions there; lost: %s", demo_number(diverted), demo_share(lost, sum.done));
	demo_must(half, !diverted && !sum.restarts,
		  "expected no diversion at the address of a closed library, saw %s",
		  demo_number(diverted));
	demo_must(half, lost, "proved nothing: expected updates lost at the address of a closed library, saw none of %s",
		  demo_number(sum.done));

	demo_say("dlopen again, at another address, for %.1f s", MS_AFTER / 1e3);
	if (!open_library(half) || !loaded_alone(half, &lost, &sum))
		return;
	demo_must(half, !half->registered || sum.restarts,
		  "proved nothing: expected restarts in the library opened again, saw none");
	demo_count(half, "lost by the library opened again", lost, sum.done);
}

const struct property modularity_property = {
	.name = "modularity",
	.claim = "program, libraries and generated code use sequences, unknown to one another",
	.selector = ESTP_PREEMPTION,
	.run = run,
};
