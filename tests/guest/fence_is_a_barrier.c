// SPDX-License-Identifier: MIT
/*
 * FEN-3: every thread of the address space that runs has executed a full memory
 * barrier between call and return, and so has the caller: the asymmetric form of
 * Dekker's algorithm holds.
 *
 *	fast thread: x = 1; (compiler barrier) ; a = y
 *	slow thread: y = 1; fence              ; b = x
 *
 * a and b are never both 0.
 *
 * Method: many rounds, started together, the slow thread with a small varying delay.
 * All CPUs, and the fast thread's alone. The twin has a compiler barrier only; where it
 * shows both 0 the machine reorders, and the test means more: an emulator need
 * not show it.
 *
 * Frankly: a system call takes longer than a store waits in a buffer, so a fence that
 * only looked like one would hardly be caught here. That the other CPU is
 * interrupted, which is its barrier, is fence_leaves_others_alone's to show.
 */
#include "harness.h"

#define ROUNDS		100000
#define TIME_MS		3000	/* for each; a slow machine makes fewer rounds */

static struct {
	volatile int x __attribute__((aligned(128)));
	volatile int y __attribute__((aligned(128)));
	volatile int a __attribute__((aligned(128)));
	u32 go __attribute__((aligned(128)));
	u32 done __attribute__((aligned(128)));
	volatile bool stop;
} s;

static u32 load(u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void *fast(void *arg)
{
	u32 round = 0;

	pin(1);
	for (;;) {
		while (load(&s.go) == round)
			if (s.stop)
				return NULL;
		round++;
		s.x = 1;
		asm volatile("" : : : "memory");
		s.a = s.y;
		__atomic_store_n(&s.done, round, __ATOMIC_RELEASE);
	}
}

static int no_fence(void)
{
	asm volatile("" : : : "memory");
	return 0;
}

static int fence_one(void)
{
	return madv_fence_cpu(1);
}

static unsigned int run(int (*fence)(void), unsigned int *rounds, unsigned int *early)
{
	u64 end = now_ms() + TIME_MS;
	unsigned int both = 0, i;
	pthread_t thread;

	memset((void *)&s, 0, sizeof(s));
	*early = 0;
	must(!pthread_create(&thread, NULL, fast, NULL));
	for (i = 0; i < ROUNDS && (i % 256 || now_ms() < end); i++) {
		volatile unsigned int delay;
		int b;

		s.x = s.y = 0;
		s.a = 1;
		__atomic_store_n(&s.go, i + 1, __ATOMIC_SEQ_CST);
		/* On a loaded host the other CPU may need long to notice: both orders. */
		for (delay = i % 8 ? i % 64 : i % 4096 << i / 64 % 8; delay; delay--)
			;
		if (i % 32 == 31)
			sleep_us(1000);		/* a busy host runs one of us at a time */
		s.y = 1;
		must(!fence());
		b = s.x;
		while (load(&s.done) != i + 1)
			;
		both += !s.a && !b;
		*early += s.a == 0;
	}
	s.stop = true;
	must(!pthread_join(thread, NULL));
	*rounds = i;
	return both;
}

void test(void)
{
	unsigned int rounds, early, both;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	both = run(madv_fence, &rounds, &early);
	final(is(both, 0, "fence of all CPUs: never both 0 in %u rounds", rounds));
	ok(early && early < rounds, "the fast thread was first in %u of them", early);
	both = run(fence_one, &rounds, &early);
	final(is(both, 0, "fence of one CPU: never both 0 in %u rounds", rounds));
	ok(rounds >= 256 && early && early < rounds, "the fast thread was first in %u of them", early);
	both = run(no_fence, &rounds, &early);
	diag("twin: both 0 in %u of %u rounds; the machine %s", both, rounds,
	     both ? "reorders" : "does not show that it reorders");
}
