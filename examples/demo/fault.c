// SPDX-License-Identifier: MIT
/*
 * FAULT: instructions that cannot succeed, in a process where somebody else has
 * installed handlers for all fault signals. That somebody must never hear of it.
 * In the twin each fault ends in that handler, which can only jump out.
 */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "arch.h"
#include "demo.h"
#include "probe.h"

#define THREADS	2
#define ROUNDS	400	/* faults of each kind by each thread */

static const void *no_access, *truncated;

static int load(const void *address)
{
	uint64_t value;

	return probe_load(address, &value);
}

static int load_null(void)
{
	return load(NULL);
}

static int load_no_access(void)
{
	return load(no_access);
}

static int load_non_canonical(void)
{
	return load(NON_CANONICAL);
}

static int load_truncated(void)
{
	return load(truncated);
}

#if DIVISION_FAULTS
static int divide_by_zero(void)
{
	uint64_t quotient;

	return probe_divide(1, 0, &quotient);
}
#endif

static const struct {
	const char *what;
	int (*fault)(void);
	int response;
} kinds[] = {
	{ "load from NULL", load_null, PROBE_LOAD },
	{ "load from PROT_NONE", load_no_access, PROBE_LOAD },
	{ "load, non-canonical", load_non_canonical, PROBE_LOAD },
	{ "load, truncated file", load_truncated, PROBE_LOAD },
	{ "illegal instruction", probe_illegal, PROBE_ILLEGAL },
#if DIVISION_FAULTS
	{ "division by zero", divide_by_zero, PROBE_DIVIDE },
#endif
};

#define KINDS	(sizeof(kinds) / sizeof(kinds[0]))

struct prober {
	pthread_t thread;
	uint64_t handled[KINDS];	/* reached the foreign handler */
	uint64_t answered[KINDS];	/* came back by the right response */
	uint64_t good_loads;		/* of a readable word, in between */
};

static __thread sigjmp_buf way_out;

static void foreign_handler(int signal)
{
	siglongjmp(way_out, signal);
}

static void *probe(void *arg)
{
	struct prober *prober = arg;
	uint64_t word = 0x1234567887654321, value;
	volatile unsigned int round;
	volatile size_t kind;

	for (round = 0; round < ROUNDS; round++) {
		for (kind = 0; kind < KINDS; kind++) {
			if (sigsetjmp(way_out, 1))
				prober->handled[kind]++;
			else
				prober->answered[kind] += kinds[kind].fault() == kinds[kind].response;
		}
		value = 0;
		prober->good_loads += !probe_load(&word, &value) && value == word;
	}
	return NULL;
}

static bool make_bad_addresses(struct half *half)
{
	int file = memfd_create("truncated", MFD_CLOEXEC);
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	no_access = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (file < 0 || ftruncate(file, (off_t)page))
		return demo_must(half, false, "cannot make a file in memory");
	truncated = mmap(NULL, page, PROT_READ, MAP_SHARED, file, 0);
	return demo_must(half, no_access != MAP_FAILED && truncated != MAP_FAILED &&
			 !ftruncate(file, 0), "cannot map bad addresses");
}

static void run(struct half *half)
{
	static struct prober probers[THREADS];
	struct sigaction action = { .sa_handler = foreign_handler };
	static const int fault_signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE };
	uint64_t handled, answered, total = 0, good = 0, diverted;
	size_t i, kind;
	int error = 0;

	if (!make_bad_addresses(half))
		return;
	for (i = 0; i < 4; i++)
		sigaction(fault_signals[i], &action, NULL);
	demo_say("%d threads fault in %zu ways, %d times each; a foreign handler waits for the signals",
		 THREADS, KINDS, ROUNDS);
	for (i = 0; i < THREADS && !error; i++)
		error = pthread_create(&probers[i].thread, NULL, probe, &probers[i]);
	if (!demo_must(half, !error, "cannot create a thread: %s", strerror(error)))
		return;
	for (i = 0; i < THREADS; i++) {
		pthread_join(probers[i].thread, NULL);
		good += probers[i].good_loads;
	}
	for (kind = 0; kind < KINDS; kind++) {
		char what[36];

		handled = answered = 0;
		for (i = 0; i < THREADS; i++) {
			handled += probers[i].handled[kind];
			answered += probers[i].answered[kind];
		}
		total += answered;
		demo_must(half, handled + answered == THREADS * ROUNDS,
			  "%s: expected %s faults to be answered, saw %s in the handler and %s at the response",
			  kinds[kind].what, demo_number(THREADS * ROUNDS), demo_number(handled),
			  demo_number(answered));
		snprintf(what, sizeof(what), "handler ran: %s", kinds[kind].what);
		demo_count(half, what, handled, THREADS * ROUNDS);
	}
	diverted = demo_diversions(ESTP_FAULT);
	demo_must(half, good == THREADS * ROUNDS, "expected %s good loads to succeed, saw %s",
		  demo_number(THREADS * ROUNDS), demo_number(good));
	demo_must(half, diverted == total, "expected one diversion for each fault, saw %s for %s",
		  demo_number(diverted), demo_number(total));
}

const struct property fault_property = {
	.name = "fault",
	.claim = "faults go to the sequence's own response; a foreign handler never hears of them",
	.selector = ESTP_FAULT,
	.run = run,
};
