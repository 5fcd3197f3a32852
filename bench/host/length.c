// SPDX-License-Identifier: MIT
/*
 * How much of a sequence's cost is its protection, as it grows longer.
 *
 *	length [--quick] [--threads 1|2]		cells for bench/table, see bench/length
 *
 * length.h of the architecture has the sequences, of L instructions. Most are number, load, work that
 * waits for nothing, not for the turn before either: a CPU gets it done as fast as it can; then
 * increment and store, the commit.
 * The other ways compute the same number of times; L is not their length.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lockfree.h"
#include "turns.h"
#include "ways.h"

#include "length.h"

static estp_cpu_t token;
static intptr_t *cpu_counter, *cpu_lockfree_counter, *dense_counter;
static intptr_t shared_counter __attribute__((aligned(CACHE_LINE)));
static intptr_t locked_counter __attribute__((aligned(CACHE_LINE)));
static pthread_mutex_t lock __attribute__((aligned(CACHE_LINE))) = PTHREAD_MUTEX_INITIALIZER;
static __thread intptr_t own_counter;

ALWAYS_INLINE struct rseq *rseq_area(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

#define LOOP(name, attribute, object, body)					\
	static __attribute__((noinline)) attribute void name(unsigned long turn) \
	{									\
		struct rseq *rseq = rseq_area();				\
		estp_cpu_t cpu = token;						\
		intptr_t *o = object;						\
										\
		(void)cpu, (void)rseq;						\
		__asm__ volatile(".balign 64" : "+r"(turn), "+r"(o));		\
		do {								\
			body;							\
		} while (--turn);						\
	}

#define LOCKED(body)	pthread_mutex_lock(&lock); body; pthread_mutex_unlock(&lock)
#define HERE(p)		((intptr_t *)estp_percpu_of(p, *(volatile int32_t *)&rseq->cpu_id))

/* Works between a load and an exchange, until nobody has come between. */
#define EXCHANGE(nr, place) do {					\
	intptr_t *at = place, x, y, old = __atomic_load_n(at, __ATOMIC_RELAXED);	\
										\
	do {									\
		x = old;							\
		__asm__ volatile(WORK(nr) INCREMENT : [x] "+r"(x), [y] "=&r"(y) : : "cc"); \
	} while (!__atomic_compare_exchange_n(at, &old, x, false, __ATOMIC_RELAXED, \
					      __ATOMIC_RELAXED));		\
} while (0)

#define LENGTH(length, nr)						\
GROW(plain, length, nr)							\
GROW(estp, length, nr)							\
GROW(rseq, length, nr)							\
GROW(bare, length, nr)							\
void page_grow_##length(intptr_t *counter, intptr_t unused, ptrdiff_t cpu);	\
LOOP(plain_##length, , cpu_counter, plain_grow_##length(o, cpu, rseq))		\
LOOP(estp_##length, , cpu_counter, estp_grow_##length(o, cpu, rseq))		\
LOOP(page_##length, , cpu_counter, page_grow_##length(o, 0, cpu.offset))	\
LOOP(rseq_##length, , cpu_counter, rseq_grow_##length(o, cpu, rseq))		\
LOOP(locked_##length, , &locked_counter, LOCKED(bare_grow_##length(o, cpu, rseq)))	\
LOOP(own_##length, , &own_counter, bare_grow_##length(o, cpu, rseq))		\
ATOMICS(ATOMIC_LOOPS, length, nr)

#define ATOMIC_LOOPS(how, words, attribute, length, nr)				\
LOOP(lockfree_##how##_##length, attribute, cpu_lockfree_counter, EXCHANGE(nr, HERE(o)))	\
LOOP(shared_##how##_##length, attribute, &shared_counter, EXCHANGE(nr, o))

LENGTHS(LENGTH)

SHORT_LOOPS

enum { WAY_NR = 6 + 2 * ATOMIC_NR, BASELINE = 1 };
#define LOCKFREE_WAY(how, words, attribute, length)	{ "per-CPU, " words, lockfree_##how##_##length },
#define SHARED_WAY(how, words, attribute, length)	{ "shared, " words, shared_##how##_##length },
/* The ways that are no sequences of the CPU's, at @other. */
#define ROW(length, other)							\
	{ #length, {								\
	{ "unprotected", plain_##length },					\
	{ "ESTP, inline", estp_##length },					\
	{ "ESTP page, called", page_##length },					\
	{ "rseq, inline", rseq_##length },					\
	ATOMICS(LOCKFREE_WAY, length)						\
	ATOMICS(SHARED_WAY, other)						\
	{ "pthread mutex", locked_##other },					\
	{ "per-thread (TLS)", own_##other } } },
#define LENGTH_ROW(length, nr)	ROW(length, length)

static const struct {
	const char *name;
	struct way ways[WAY_NR];
} rows[] = {
	SHORT_ROWS
	LENGTHS(LENGTH_ROW)
};

static void begin(int cpu)
{
	(void)cpu;
	if (cpu_counter)
		return;
	/* As estp_cpu(), but that it does not ask whether this object is registered. */
	if (estp_cpu_find_(ESTP_BY_CPU_, &token.offset) || !__rseq_size) {
		fprintf(stderr, "length: this thread has no CPU number: libc has not registered rseq\n");
		exit(77);
	}
	cpu_counter = estp_percpu_alloc(sizeof(*cpu_counter), 0);
	cpu_lockfree_counter = estp_percpu_alloc(sizeof(*cpu_lockfree_counter), 0);
	dense_counter = calloc(estp_percpu_nr(), sizeof(*dense_counter));
	if (!cpu_counter || !cpu_lockfree_counter || !dense_counter) {
		fprintf(stderr, "length: no memory\n");
		exit(1);
	}
}

int main(int argc, char **argv)
{
	turns_begin(argc, argv, begin);
	for (size_t i = turns_threads() > 1; i < sizeof(rows) / sizeof(*rows); i++)
		turns_row(rows[i].name, rows[i].ways, WAY_NR, BASELINE);
	turns_end();
	return 0;
}
