// SPDX-License-Identifier: MIT
/*
 * LIM-24: the first registration of a process looks at every thread that there is, and at each
 * for a few instructions only; longer at those of its own, which get their memory there.
 *
 * Method: instructions are counted (--icount: a nanosecond of the guest's clock is one), of a first
 * registration beside a process with a thousand threads and beside one with none; and of
 * that process's own. The twin: those with more threads are dearer by one instruction a thread at least.
 *
 * vm: --icount --cpus 1 --append preempt=none --append init_on_alloc=0
 * vm: --mem 1024 --timeout 400
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 1000;

#define VALUE		0x1000
#define ROUNDS		6
#define FREED_US	6000000u	/* KFREE_DRAIN_JIFFIES and a grace period */
#define THREADS		1000u
#define A_THREAD	30u		/* to look at one of another process */
#define AN_OWN_THREAD	2000u		/* its memory, which is allocated at leisure, included */

static u8 *code;
/* Instructions of a process's last first registration, shared with it. */
static u64 *took;

/* Instructions of a first registration, the fewest of some. */
static u64 first_registration(void)
{
	u64 least = ~0ull;
	int status, i;

	for (i = 0; i < ROUNDS; i++) {
		pid_t pid = fork();

		must(pid >= 0);
		if (!pid) {
			u64 start = now_ns();

			must(!madv_register(code, page_size()));
			*took = now_ns() - start;
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid && !status);
		least = *took < least ? *took : least;
	}
	return least;
}

static void *sleeps(void *arg)
{
	pause();
	return NULL;
}

/* A process that has registered, which keeps the hooks at work, and has threads. */
static pid_t crowd_new(u32 threads)
{
	pid_t pid = fork();
	pthread_t thread;

	must(pid >= 0);
	if (!pid) {
		u64 start;

		must(!madv_register(code, page_size()));
		while (threads--)
			must(!pthread_create(&thread, NULL, sleeps, NULL));
		/* Again the first one, but with threads of its own; the crowd's last thread is ready. */
		must(!madv_unregister(code, page_size()));
		sleep_us(FREED_US);
		start = now_ns();
		must(!madv_register(code, page_size()));
		*took = now_ns() - start;
		sleeps(NULL);
	}
	must(wait_until(*(volatile u64 *)took != 1, 20000));
	return pid;
}

/* @own: what it took the crowd itself. */
static u64 first_beside(u32 threads, u64 *own)
{
	pid_t pid;
	int status;
	u64 least;

	*took = 1;
	pid = crowd_new(threads);
	*own = *took;
	least = first_registration();
	must(!kill(pid, SIGKILL) && waitpid(pid, &status, 0) == pid);
	return least;
}

void test(void)
{
	u64 alone, beside, own_alone, own;

	need_estp();
	code = pages_new(1);
	probe_code(code, VALUE);
	probe_header(code, 0);
	took = mmap(NULL, page_size(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	must(took != MAP_FAILED);
	alone = first_beside(0, &own_alone);
	beside = first_beside(THREADS, &own);
	diag("a first registration: %llu instructions, beside %u threads more %llu", (unsigned long long)alone,
	     THREADS, (unsigned long long)beside);
	ok(beside < alone + A_THREAD * THREADS, "a thread of others costs at most %u instructions", A_THREAD);
	diag("of a process with none %llu, with so many of its own %llu", (unsigned long long)own_alone,
	     (unsigned long long)own);
	ok(own < own_alone + AN_OWN_THREAD * THREADS, "one of its own at most %u", AN_OWN_THREAD);
	ok(beside > alone + THREADS && own > own_alone + THREADS, "twin: they are looked at");
}
