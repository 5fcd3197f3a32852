// SPDX-License-Identifier: MIT
/*
 * What four operations on per-CPU data cost on the real CPU, beside every other way.
 *
 *	percpu [--quick] [--threads 1|2]		cells for bench/table, see bench/percpu
 *
 * Runs without the module: what is measured is the way that is not interrupted, and its
 * instructions are the same whether a kernel knows of the sequences or not. libestp gives
 * no token to an object that is not registered, so the token is taken from below
 * estp_cpu(). Threads are pinned, each alone on its CPU's data: nothing is lost, and the
 * counter is compared with the turns in the end.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lockfree.h"
#include "operations.h"
#include "turns.h"

struct node {
	struct estp_link link;
	long payload[7];
};
enum { NODES = 16 };

void page_count(intptr_t *counter, intptr_t n, ptrdiff_t cpu);
void page_push(struct estp_head *head, struct estp_link *link, ptrdiff_t cpu);
struct estp_link *page_pop(struct estp_head *head, ptrdiff_t unused, ptrdiff_t cpu);
bool page_put(struct ring *ring, uint64_t value, ptrdiff_t cpu);
bool page_take(struct ring *ring, uint64_t *value, ptrdiff_t cpu);
void page_write(struct trace *trace, const struct record *record, ptrdiff_t cpu);
void called_count(intptr_t *counter, intptr_t n, ptrdiff_t cpu);
void called_push(struct estp_head *head, struct estp_link *link, ptrdiff_t cpu);
struct estp_link *called_pop(struct estp_head *head, ptrdiff_t unused, ptrdiff_t cpu);
bool called_put(struct ring *ring, uint64_t value, ptrdiff_t cpu);
bool called_take(struct ring *ring, uint64_t *value, ptrdiff_t cpu);
void called_write(struct trace *trace, const struct record *record, ptrdiff_t cpu);

static estp_cpu_t token;

/* Each CPU's. */
static intptr_t *cpu_counter, *cpu_lockfree_counter;
static struct estp_head *cpu_list;
static struct lockfree_head *cpu_lockfree_list;
static struct ring *cpu_ring;
static struct lockfree_ring *cpu_lockfree_ring;
static struct trace *cpu_trace;
static struct lockfree_trace *cpu_lockfree_trace;

/* Everybody's, by atomic instructions; everybody's, under the lock; each thread's. */
static intptr_t shared_counter __attribute__((aligned(CACHE_LINE)));
static struct lockfree_head shared_list __attribute__((aligned(CACHE_LINE)));
static struct lockfree_ring shared_ring;
static struct lockfree_trace shared_trace;
static pthread_mutex_t lock __attribute__((aligned(CACHE_LINE))) = PTHREAD_MUTEX_INITIALIZER;
static intptr_t locked_counter __attribute__((aligned(CACHE_LINE)));
static struct estp_head locked_list __attribute__((aligned(CACHE_LINE)));
static struct ring locked_ring __attribute__((aligned(CACHE_LINE)));
static struct trace locked_trace __attribute__((aligned(CACHE_LINE)));
static __thread intptr_t own_counter;
static __thread struct estp_head own_list;
static __thread struct ring own_ring;
static __thread struct trace own_trace;

ALWAYS_INLINE struct rseq *rseq_area(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

/* A CPU's, by its number. */
#define HERE(p)		((__typeof__(p))estp_percpu_of(p, *(volatile int32_t *)&rseq->cpu_id))

/* One body each, all of them aligned alike; what it works on is in registers. */
#define LOOP(name, attribute, objects, body)					\
	static __attribute__((noinline)) attribute void name(unsigned long turn) \
	{									\
		struct rseq *rseq = rseq_area();				\
		estp_cpu_t cpu = token;						\
		ptrdiff_t offset = token.offset;				\
		objects;							\
										\
		(void)cpu, (void)rseq, (void)offset;				\
		__asm__ volatile(".balign 64" : "+r"(turn), "+r"(o));		\
		do {								\
			body;							\
		} while (--turn);						\
	}

#define LOCKED(body)	pthread_mutex_lock(&lock); body; pthread_mutex_unlock(&lock)
#define HOLDS(what)	do { if (!(what)) abort(); } while (0)

/* ---- Counter ---- */

#define COUNTER(name, object, body)	LOOP(count_##name, , intptr_t *o = object, body)

COUNTER(plain, cpu_counter, plain_count(o, 1, cpu, rseq))
COUNTER(estp, cpu_counter, HOLDS(!estp_add(o, 1, cpu)))
COUNTER(called, cpu_counter, called_count(o, 1, offset))
COUNTER(page, cpu_counter, page_count(o, 1, offset))
COUNTER(rseq, cpu_counter, rseq_count(o, 1, cpu, rseq))
COUNTER(locked, &locked_counter, LOCKED(bare_count(o, 1, cpu, rseq)))
COUNTER(own, &own_counter, bare_count(o, 1, cpu, rseq))
#define ATOMIC_COUNTERS(how, words, attribute)					\
	LOOP(count_lockfree_##how, attribute, intptr_t *o = cpu_lockfree_counter, \
	     lockfree_count(HERE(o), 1))					\
	LOOP(count_shared_##how, attribute, intptr_t *o = &shared_counter, lockfree_count(o, 1))
ATOMICS(ATOMIC_COUNTERS)

/* ---- List: pop and push ---- */

#define LIST(name, type, object, pop, push)					\
	LOOP(list_##name, , struct type *o = object; struct estp_link *link,	\
	     pop; push)

LIST(plain, estp_head, cpu_list, HOLDS(link = plain_pop(o, cpu, rseq)),
     plain_push(o, link, cpu, rseq))
LIST(estp, estp_head, cpu_list, HOLDS(!estp_pop(o, &link, cpu)), HOLDS(!estp_push(o, link, cpu)))
LIST(called, estp_head, cpu_list, HOLDS(link = called_pop(o, 0, offset)),
     called_push(o, link, offset))
LIST(page, estp_head, cpu_list, HOLDS(link = page_pop(o, 0, offset)), page_push(o, link, offset))
LIST(rseq, estp_head, cpu_list, HOLDS(link = rseq_pop(o, cpu, rseq)),
     rseq_push(o, link, cpu, rseq))
LIST(locked, estp_head, &locked_list, LOCKED(HOLDS(link = bare_pop(o, cpu, rseq))),
     LOCKED(bare_push(o, link, cpu, rseq)))
LIST(own, estp_head, &own_list, HOLDS(link = bare_pop(o, cpu, rseq)),
     bare_push(o, link, cpu, rseq))
#define ATOMIC_LISTS(how, words, attribute)					\
	LOOP(list_lockfree_##how, attribute, struct lockfree_head *o = cpu_lockfree_list; \
	     struct estp_link *link, HOLDS(link = lockfree_pop_##how(HERE(o)));	\
	     lockfree_push_##how(HERE(o), link))				\
	LOOP(list_shared_##how, attribute, struct lockfree_head *o = &shared_list;	\
	     struct estp_link *link, HOLDS(link = lockfree_pop_##how(o));	\
	     lockfree_push_##how(o, link))
ATOMICS(ATOMIC_LISTS)

/* ---- Ring: put and take ---- */

#define RING(name, type, object, put, take)					\
	LOOP(ring_##name, , struct type *o = object; uint64_t value, put; take)

RING(plain, ring, cpu_ring, HOLDS(plain_put(o, turn, cpu, rseq)),
     HOLDS(plain_take(o, &value, cpu, rseq)))
RING(estp, ring, cpu_ring, HOLDS(estp_put(o, turn, cpu, rseq)),
     HOLDS(estp_take(o, &value, cpu, rseq)))
RING(called, ring, cpu_ring, HOLDS(called_put(o, turn, offset)),
     HOLDS(called_take(o, &value, offset)))
RING(page, ring, cpu_ring, HOLDS(page_put(o, turn, offset)), HOLDS(page_take(o, &value, offset)))
RING(rseq, ring, cpu_ring, HOLDS(rseq_put(o, turn, cpu, rseq)),
     HOLDS(rseq_take(o, &value, cpu, rseq)))
RING(locked, ring, &locked_ring, LOCKED(HOLDS(bare_put(o, turn, cpu, rseq))),
     LOCKED(HOLDS(bare_take(o, &value, cpu, rseq))))
RING(own, ring, &own_ring, HOLDS(bare_put(o, turn, cpu, rseq)),
     HOLDS(bare_take(o, &value, cpu, rseq)))
/* What is next to be taken may still be about to be put, by the other thread. */
#define ATOMIC_RINGS(how, words, attribute)					\
	LOOP(ring_lockfree_##how, attribute, struct lockfree_ring *o = cpu_lockfree_ring; \
	     uint64_t value, HOLDS(lockfree_put(HERE(o), turn));		\
	     while (!lockfree_take(HERE(o), &value)) { })			\
	LOOP(ring_shared_##how, attribute, struct lockfree_ring *o = &shared_ring; \
	     uint64_t value, HOLDS(lockfree_put(o, turn));			\
	     while (!lockfree_take(o, &value)) { })
ATOMICS(ATOMIC_RINGS)

/* ---- Trace: write a record of 32 bytes ---- */

#define RECORD	{ 0, 1, 2, 3 }
#define TRACE(name, type, object, body)						\
	ANY_TRACE(trace_##name, , type, object, body)
#define ANY_TRACE(name, attribute, type, object, body)				\
	LOOP(name, attribute, struct type *o = object; struct record record = RECORD, \
	     record.time = turn; body)

TRACE(plain, trace, cpu_trace, plain_write(o, &record, cpu, rseq))
TRACE(estp, trace, cpu_trace, estp_write(o, &record, cpu, rseq))
TRACE(called, trace, cpu_trace, called_write(o, &record, offset))
TRACE(page, trace, cpu_trace, page_write(o, &record, offset))
TRACE(rseq, trace, cpu_trace, rseq_write(o, &record, cpu, rseq))
TRACE(locked, trace, &locked_trace, LOCKED(bare_write(o, &record, cpu, rseq)))
TRACE(own, trace, &own_trace, bare_write(o, &record, cpu, rseq))
#define ATOMIC_TRACES(how, words, attribute)					\
	ANY_TRACE(trace_lockfree_##how, attribute, lockfree_trace, cpu_lockfree_trace, \
		  lockfree_write(HERE(o), &record))				\
	ANY_TRACE(trace_shared_##how, attribute, lockfree_trace, &shared_trace,	\
		  lockfree_write(o, &record))
ATOMICS(ATOMIC_TRACES)

enum { BASELINE = 1 };
#define PER_CPU_WAY(how, words, attribute, what)	{ "per-CPU, " words, what##_lockfree_##how },
#define SHARED_WAY(how, words, attribute, what)	{ "shared, " words, what##_shared_##how },
#define WAYS(what) {								\
	{ "unprotected, inline", what##_plain },				\
	{ "ESTP, inline", what##_estp },					\
	{ "unprotected, called", what##_called },				\
	{ "ESTP page, called", what##_page },					\
	{ "rseq, inline", what##_rseq },					\
	ATOMICS(PER_CPU_WAY, what)						\
	ATOMICS(SHARED_WAY, what)						\
	{ "pthread mutex", what##_locked },					\
	{ "per-thread (TLS)", what##_own },					\
}
enum { WAY_NR = 7 + 2 * ATOMIC_NR };

static const struct {
	const char *name;
	struct way ways[WAY_NR];
} operations[] = {
	{ "counter: add", WAYS(count) },
	{ "list: pop, push", WAYS(list) },
	{ "ring: put, take", WAYS(ring) },
	{ "trace: write 32 bytes", WAYS(trace) },
};

static void *memory(void *p)
{
	if (!p) {
		fprintf(stderr, "percpu: no memory\n");
		exit(1);
	}
	return p;
}

static struct node *nodes(void)
{
	return memory(aligned_alloc(CACHE_LINE, NODES * sizeof(struct node)));
}

static void begin_all(void)
{
	struct node *n;
	int i;

	/* As estp_cpu(), but that it does not ask whether this object is registered. */
	if (estp_cpu_find_(ESTP_BY_CPU_, &token.offset) || !__rseq_size) {
		fprintf(stderr, "percpu: this thread has no CPU number: libc has not registered rseq\n");
		exit(77);
	}
	cpu_counter = memory(estp_percpu_alloc(sizeof(*cpu_counter), 0));
	cpu_lockfree_counter = memory(estp_percpu_alloc(sizeof(*cpu_lockfree_counter), 0));
	cpu_list = memory(estp_percpu_alloc(sizeof(*cpu_list), 0));
	cpu_lockfree_list = memory(estp_percpu_alloc(sizeof(*cpu_lockfree_list), 0));
	cpu_ring = memory(estp_percpu_alloc(sizeof(*cpu_ring), 0));
	cpu_lockfree_ring = memory(estp_percpu_alloc(sizeof(*cpu_lockfree_ring), 0));
	cpu_trace = memory(estp_percpu_alloc(sizeof(*cpu_trace), 0));
	cpu_lockfree_trace = memory(estp_percpu_alloc(sizeof(*cpu_lockfree_trace), 0));
	lockfree_ring_begin(&shared_ring);
	for (n = nodes(), i = 0; i < NODES; i++)
		lockfree_list_begin(&shared_list, &n[i].link);
	for (n = nodes(), i = 0; i < NODES; i++)
		bare_push(&locked_list, &n[i].link, token, NULL);
}

/* On its CPU, whose data is made ready here, and the thread's own. */
static void begin(int cpu)
{
	struct node *n = nodes();
	int i;

	if (!cpu_counter)
		begin_all();
	lockfree_ring_begin(estp_percpu_of(cpu_lockfree_ring, cpu));
	for (i = 0; i < NODES; i++)
		bare_push(estp_percpu_of(cpu_list, cpu), &n[i].link, token, NULL);
	for (n = nodes(), i = 0; i < NODES; i++)
		lockfree_list_begin(estp_percpu_of(cpu_lockfree_list, cpu), &n[i].link);
	for (n = nodes(), i = 0; i < NODES; i++)
		bare_push(&own_list, &n[i].link, token, NULL);
}

/* What was measured was done: or it was not that which was measured. */
static int check(const char *what, intptr_t counted, unsigned long turns)
{
	if (counted == (intptr_t)turns)
		return 0;
	fprintf(stderr, "percpu: %s: %ld turns, but %ld counted\n", what, (long)turns, (long)counted);
	return 1;
}

static intptr_t sum(intptr_t *counter)
{
	intptr_t sum = 0;

	for (int i = 0; i < estp_percpu_nr(); i++)
		sum += *(intptr_t *)estp_percpu_of(counter, i);
	return sum;
}

int main(int argc, char **argv)
{
	turns_begin(argc, argv, begin);
	for (size_t i = 0; i < sizeof(operations) / sizeof(*operations); i++) {
		turns_row(operations[i].name, operations[i].ways, WAY_NR, BASELINE);
		if (turns_threads() > 1)
			continue;
		if (i == 0) {
			turns_bound("estp_add(), part of the same unprotected",
				    "unprotected, inline", 1.05);
			turns_bound("estp_add(), part of rseq's add (rseq at least 1.5 of it)",
				    "rseq, inline", 0.667);
		} else if (i == 1) {
			turns_bound("estp_pop() and estp_push(), part of the same unprotected",
				    "unprotected, inline", 1.05);
		}
	}
	turns_end();
#define PER_CPU_TURNS(how, words, attribute)	+ turns_run(count_lockfree_##how)
#define SHARED_TURNS(how, words, attribute)	+ turns_run(count_shared_##how)
	return check("per-CPU", sum(cpu_counter), turns_run(count_plain) + turns_run(count_estp) +
		     turns_run(count_called) + turns_run(count_page) + turns_run(count_rseq)) |
	       check("per-CPU, atomic", sum(cpu_lockfree_counter), 0 ATOMICS(PER_CPU_TURNS)) |
	       check("shared, atomic", shared_counter, 0 ATOMICS(SHARED_TURNS)) |
	       check("pthread mutex", locked_counter, turns_run(count_locked));
}
