// SPDX-License-Identifier: MIT
/*
 * How much of a sequence's cost is its protection, as it grows longer.
 *
 *	length [--quick] [--threads 1|2]		cells for bench/table, see bench/length
 *
 * A sequence of L instructions, L - 5 of which stand for work:
 *
 *	movslq	cpu number, i
 *	shl	$20, i
 *	movq	counter[i], x
 *	lea	1(x), y			none waits for another one, or for the turn before: a
 *	...				CPU gets them done as fast as it can
 *	inc	x
 *	movq	x, counter[i]		the commit
 *
 * Of three, it is estp_add(): number, shift, addq. Of two it has CPUs' counters 8 bytes
 * apart, which saves the shift, and is for one thread: two would share a cache line.
 * The other ways compute the same number of times; L is not their length.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "lockfree.h"
#include "turns.h"
#include "ways.h"

/* L, and how much work */
#define LENGTHS(what)								\
	what(6, 1) what(10, 5) what(20, 15) what(50, 45) what(100, 95) what(200, 195)

static estp_cpu_t token;
static intptr_t *cpu_counter, *cpu_lockfree_counter, *dense_counter;
static intptr_t shared_counter __attribute__((aligned(CACHE_LINE)));
static intptr_t locked_counter __attribute__((aligned(CACHE_LINE)));
static pthread_mutex_t lock __attribute__((aligned(CACHE_LINE))) = PTHREAD_MUTEX_INITIALIZER;
static __thread intptr_t own_counter;

#define WORK(nr)								\
	".rept	" #nr "\n\t"							\
	"leaq	1(%[x]), %[y]\n\t"						\
	".endr\n\t"

#define GROW(kind, length, nr)							\
ALWAYS_INLINE void kind##_grow_##length(intptr_t *o, CONTEXT)			\
{										\
	intptr_t x, y;								\
	CONTEXT_UNUSED;								\
	FIND_##kind								\
	__asm__ volatile goto (							\
		BEFORE_##kind(grow)						\
		"movq	" AT_##kind("") ", %[x]\n\t"				\
		WORK(nr)							\
		"incq	%[x]\n\t"						\
		COMMIT_##kind(grow)						\
		"movq	%[x], " AT_##kind("") "\n\t"				\
		AFTER_##kind(grow)						\
		: [x] "=&r"(x), [y] "=&r"(y) OUT_##kind				\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

ALWAYS_INLINE struct rseq *rseq_area(void)
{
	return (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
}

#define LOOP(name, object, body)						\
	static __attribute__((noinline)) void name(unsigned long turn)		\
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
		__asm__ volatile(WORK(nr) "incq	%[x]" : [x] "+r"(x), [y] "=&r"(y) : : "cc"); \
	} while (!__atomic_compare_exchange_n(at, &old, x, false, __ATOMIC_RELAXED, \
					      __ATOMIC_RELAXED));		\
} while (0)

#define LENGTH(length, nr)						\
GROW(plain, length, nr)							\
GROW(estp, length, nr)							\
GROW(rseq, length, nr)							\
GROW(bare, length, nr)							\
void page_grow_##length(intptr_t *counter, intptr_t unused, ptrdiff_t cpu);	\
LOOP(plain_##length, cpu_counter, plain_grow_##length(o, cpu, rseq))		\
LOOP(estp_##length, cpu_counter, estp_grow_##length(o, cpu, rseq))		\
LOOP(page_##length, cpu_counter, page_grow_##length(o, 0, cpu.offset))		\
LOOP(rseq_##length, cpu_counter, rseq_grow_##length(o, cpu, rseq))		\
LOOP(lockfree_##length, cpu_lockfree_counter, EXCHANGE(nr, HERE(o)))	\
LOOP(shared_##length, &shared_counter, EXCHANGE(nr, o))			\
LOOP(locked_##length, &locked_counter, LOCKED(bare_grow_##length(o, cpu, rseq)))	\
LOOP(own_##length, &own_counter, bare_grow_##length(o, cpu, rseq))

LENGTHS(LENGTH)

/* Of three, and of two. ADD(kind, length, before, place) */
#define ADD(kind, length, before, place)					\
ALWAYS_INLINE void kind##_add_##length(intptr_t *o, CONTEXT)			\
{										\
	intptr_t none;								\
	CONTEXT_UNUSED;								\
	__asm__ volatile goto (							\
		before								\
		COMMIT_##kind(add)						\
		"addq	$1, " place "\n\t"					\
		AFTER_##kind(add)						\
		: [x] "=&r"(none) OUT_##kind					\
		: [o] "r"(o) IN_##kind						\
		: "memory", "cc"						\
		: unused LABELS_##kind);					\
ESTP_RESPONSE(unused);								\
}

#define NUMBER	"movslq	%%fs:(%[cpu]), %[i]\n\t"

ADD(plain, 2, NUMBER, "(%[o],%[i],8)")
ADD(estp, 2, ESTP_START(add) NUMBER, "(%[o],%[i],8)")
ADD(plain, 3, BEFORE_plain(add), AT_plain(""))
ADD(estp, 3, BEFORE_estp(add), AT_estp(""))
ADD(bare, 3, "", AT_bare(""))

#define SHORT(length, all)							\
	ALWAYS_INLINE void rseq_add_##length(intptr_t *o, CONTEXT)		\
	{									\
		intptr_t none, distance, *base = o;				\
		int number;							\
										\
		(void)cpu;							\
	ESTP_RESPONSE(aborted);							\
		number = *(volatile int32_t *)&rseq->cpu_id_start;		\
		o = all;							\
		__asm__ volatile goto (						\
			BEFORE_rseq(add)					\
			"addq	$1, (%[o])\n\t"					\
			AFTER_rseq(add)						\
			: [x] "=&r"(none) OUT_rseq				\
			: [o] "r"(o) IN_rseq					\
			: "memory", "cc"					\
			: aborted);						\
	}									\
	void page_grow_##length(intptr_t *counter, intptr_t unused, ptrdiff_t cpu);

SHORT(2, base + number)
SHORT(3, estp_percpu_of(base, number))

LOOP(plain_2, dense_counter, plain_add_2(o, cpu, rseq))
LOOP(estp_2, dense_counter, estp_add_2(o, cpu, rseq))
LOOP(page_2, dense_counter, page_grow_2(o, 0, cpu.offset))
LOOP(rseq_2, dense_counter, rseq_add_2(o, cpu, rseq))
LOOP(lockfree_2, dense_counter, lockfree_count(o + *(volatile int32_t *)&rseq->cpu_id, 1))
LOOP(plain_3, cpu_counter, plain_add_3(o, cpu, rseq))
LOOP(estp_3, cpu_counter, estp_add_3(o, cpu, rseq))
LOOP(page_3, cpu_counter, page_grow_3(o, 0, cpu.offset))
LOOP(rseq_3, cpu_counter, rseq_add_3(o, cpu, rseq))
LOOP(lockfree_3, cpu_lockfree_counter, lockfree_count(HERE(o), 1))
LOOP(shared_3, &shared_counter, lockfree_count(o, 1))
LOOP(locked_3, &locked_counter, LOCKED(bare_add_3(o, cpu, rseq)))
LOOP(own_3, &own_counter, bare_add_3(o, cpu, rseq))

enum { WAY_NR = 8, BASELINE = 1 };
#define ROW_(length, plain, estp, page, rseq, lockfree, shared, locked, own)	\
	{ #length, {								\
	{ "unprotected", plain },						\
	{ "ESTP, inline", estp },						\
	{ "ESTP page, called", page },						\
	{ "rseq, inline", rseq },						\
	{ "per-CPU, lock prefix", lockfree },					\
	{ "shared, lock prefix", shared },					\
	{ "pthread mutex", locked },						\
	{ "per-thread (TLS)", own } } },
#define ROW(length, nr)							\
	ROW_(length, plain_##length, estp_##length, page_##length, rseq_##length,	\
	     lockfree_##length, shared_##length, locked_##length, own_##length)

static const struct {
	const char *name;
	struct way ways[WAY_NR];
} rows[] = {
	ROW_(2, plain_2, estp_2, page_2, rseq_2, lockfree_2, shared_3, locked_3, own_3)
	ROW(3, 0)
	LENGTHS(ROW)
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
