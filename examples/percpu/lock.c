// SPDX-License-Identifier: MIT
/*
 * lock - a lock a CPU, taken without an atomic instruction
 *
 * For work on a CPU's data that is too long for one sequence. estp_compare_store() takes
 * the lock of the CPU where the thread is; from then on the thread may be preempted, and
 * even go on elsewhere: it is the holder until it gives the lock back, by a plain store.
 * Who meets a lock that is held, a signal handler say, does not wait but goes without.
 *
 * The property: no lock has two holders.
 */
#include "storm.h"

static estp_cpu_t cpu;
static struct locked {
	intptr_t lock;
	int holders;
	long a, b;			/* the same, for all but the holder */
} *locked;
static long met, uneven;

/* This CPU's, now the caller's; or NULL. */
static struct locked *try_lock(void)
{
	struct locked *l;
	int number, error;

	do {
		number = estp_cpu_number(cpu);
		if (number < 0)
			abort();
		l = estp_percpu_of(locked, number);
		error = estp_compare_store(&l->lock, 0, 1, number, cpu);
	} while (error == -EAGAIN);
	if (error < 0)
		abort();
	return error ? NULL : l;
}

static void unlock(struct locked *l)
{
	__atomic_store_n(&l->lock, 0, __ATOMIC_RELEASE);
}

static long work(void)
{
	struct locked *l = try_lock();

	if (!l) {
		sched_yield();
		return 0;
	}
	if (__atomic_fetch_add(&l->holders, 1, __ATOMIC_RELAXED))
		__atomic_fetch_add(&met, 1, __ATOMIC_RELAXED);
	if (l->a != l->b)
		__atomic_fetch_add(&uneven, 1, __ATOMIC_RELAXED);
	*(volatile long *)&l->a += 1;
	*(volatile long *)&l->b += 1;
	__atomic_fetch_sub(&l->holders, 1, __ATOMIC_RELAXED);
	unlock(l);
	return 1;
}

static long once_each(const char *who)
{
	long done, counted = 0;
	int i;

	for (i = 0; i < estp_percpu_nr(); i++)
		memset(estp_percpu_of(locked, i), 0, sizeof(*locked));
	met = uneven = 0;
	done = storm(work);
	for (i = 0; i < estp_percpu_nr(); i++)
		counted += ((struct locked *)estp_percpu_of(locked, i))->a;
	printf("# %s: %ld times held, %ld times with another holder; data found uneven %ld times, "
	       "counted %ld\n", who, done, met, uneven, counted);
	return met + uneven + labs(done - counted);
}

int main(void)
{
	cpu = take_token();
	locked = estp_percpu_alloc(sizeof(*locked), 0);
	if (!locked)
		return 1;
	return example("a lock has one holder", once_each);
}
