// SPDX-License-Identifier: MIT
/*
 * counter - statistics of events, per CPU
 *
 * estp_add() counts events; what a CPU may grant without asking anybody is a counter that
 * stops at a limit, so it has to be looked at before: estp_compare_store().
 *
 * The property: as much as was granted has been counted.
 */
#include "storm.h"

static estp_cpu_t cpu;
static struct counter {
	intptr_t events;
	intptr_t granted;
} *counter;
static const intptr_t limit = INTPTR_MAX / 1024;

/* 1 if this CPU has one left. */
static long grant(void)
{
	struct counter *mine;
	intptr_t granted;
	int number, error;

	if (estp_add(&counter->events, 1, cpu))
		abort();
	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			abort();
		mine = estp_percpu_of(counter, number);
		granted = __atomic_load_n(&mine->granted, __ATOMIC_RELAXED);
		if (granted == limit)
			return 0;
		error = estp_compare_store(&mine->granted, granted, granted + 1, number, cpu);
	} while (error == 1 || error == -EAGAIN);	/* somebody was here, or we are elsewhere */
	if (error)
		abort();
	return 1;
}

static long once_each(const char *who)
{
	long done, events = 0, granted = 0;
	int i;

	for (i = 0; i < estp_percpu_nr(); i++)
		memset(estp_percpu_of(counter, i), 0, sizeof(*counter));
	done = storm(grant);
	for (i = 0; i < estp_percpu_nr(); i++) {
		struct counter *c = estp_percpu_of(counter, i);

		events += c->events;
		granted += c->granted;
	}
	printf("# %s: %ld granted; counted %ld, and %ld events\n", who, done, granted, events);
	return labs(done - granted) + labs(done - events);
}

int main(void)
{
	cpu = take_token();
	counter = estp_percpu_alloc(sizeof(*counter), 0);
	if (!counter)
		return 1;
	return example("counters count everything", once_each);
}
