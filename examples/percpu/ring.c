// SPDX-License-Identifier: MIT
/*
 * ring - a tracer's buffer: each CPU has a ring of events
 *
 *	tail ... head	recorded, and not yet read
 *
 * Recording copies an event behind the head and moves the head: one sequence,
 * estp_compare_copy_store(), whose last store publishes what was copied. A reader, any
 * thread, moves the tail. A full ring drops, and says so to the caller.
 *
 * The property: each event that was recorded is read, once and whole.
 */
#include "storm.h"

enum { SLOTS = 1024 };

struct event {
	uint64_t id;
	uint64_t text[5];	/* follows from id */
};

static struct ring {
	intptr_t head, tail;
	struct event slot[SLOTS];
} *ring;
static estp_cpu_t cpu;
static uint64_t next_id;
static volatile bool reading;

/* Ids that were recorded, less those that were read: sums, so that no set is needed. */
static uint64_t recorded_sum, read_sum;
static long recorded, torn, read_nr;

static struct event event_of(uint64_t id)
{
	struct event e = { .id = id };
	int i;

	for (i = 0; i < 5; i++)
		e.text[i] = (id + (uint64_t)i) * 0x9e3779b97f4a7c15u;
	return e;
}

/* 0; or -ENOBUFS, this CPU's ring is full. */
static int record(const struct event *e)
{
	struct ring *r;
	intptr_t head;
	int number, error;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			return number;
		r = estp_percpu_of(ring, number);
		head = __atomic_load_n(&r->head, __ATOMIC_RELAXED);
		if (head - __atomic_load_n(&r->tail, __ATOMIC_ACQUIRE) == SLOTS)
			return -ENOBUFS;
		error = estp_compare_copy_store(&r->head, head, &r->slot[head % SLOTS], e, sizeof(*e),
						head + 1, number, cpu);
	} while (error == 1 || error == -EAGAIN);
	return error;
}

static long trace(void)
{
	struct event e = event_of(__atomic_fetch_add(&next_id, 1, __ATOMIC_RELAXED));
	int error = record(&e);

	if (error && error != -ENOBUFS)
		abort();
	if (error)
		return 0;
	__atomic_fetch_add(&recorded_sum, e.id * e.id, __ATOMIC_RELAXED);
	return 1;
}

static void read_all(void)
{
	int i;

	for (i = 0; i < estp_percpu_nr(); i++) {
		struct ring *r = estp_percpu_of(ring, i);
		intptr_t head = __atomic_load_n(&r->head, __ATOMIC_ACQUIRE), tail = r->tail;

		for (; tail < head; tail++) {
			struct event e = r->slot[tail % SLOTS], right = event_of(e.id);

			torn += memcmp(&e, &right, sizeof(e)) != 0;
			read_sum += e.id * e.id;
			read_nr++;
		}
		__atomic_store_n(&r->tail, tail, __ATOMIC_RELEASE);
	}
}

static void *reader(void *unused)
{
	while (reading) {
		read_all();
		sched_yield();
	}
	return unused;
}

static long once_each(const char *who)
{
	pthread_t thread;
	int i;

	for (i = 0; i < estp_percpu_nr(); i++)
		memset(estp_percpu_of(ring, i), 0, sizeof(*ring));
	next_id = recorded_sum = read_sum = 0;
	torn = read_nr = 0;
	reading = true;
	pthread_create(&thread, NULL, reader, NULL);
	recorded = storm(trace);
	reading = false;
	pthread_join(thread, NULL);
	read_all();
	printf("# %s: %ld events recorded, %ld read, %ld of them torn; they are %s\n", who, recorded,
	       read_nr, torn, read_sum == recorded_sum ? "the same" : "others");
	return torn + labs(read_nr - recorded) + (read_sum != recorded_sum);
}

int main(void)
{
	cpu = take_token();
	ring = estp_percpu_alloc(sizeof(*ring), 0);
	if (!ring)
		return 1;
	return example("each event is read, once and whole", once_each);
}
