// SPDX-License-Identifier: MIT
/* Switches: two tasks on one CPU give it to each other, or take it from each other. */
#define _GNU_SOURCE
#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "measure.h"

static pid_t partner(void (*run)(void))
{
	pid_t child = fork();

	if (child < 0)
		die("fork");
	if (!child)
		run();
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
}

static void measure(const char *row, void (*turn)(void))
{
	int i;

	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();

		turn();
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	cell(row, ROUNDS);
}

/* ---- They give it --------------------------------------------------------------- */

static void yield_once(void)
{
	sched_yield();
}

static void yield_ever(void)
{
	for (;;)
		sched_yield();
}

static volatile bool stop;

static void *yield_until(void *unused)
{
	while (!stop)
		sched_yield();
	return unused;
}

static int there[2], back[2];

static void ping(void)
{
	char c = 0;

	if (write(there[1], &c, 1) != 1 || read(back[0], &c, 1) != 1)
		die("pipe");
}

static void pong(void)
{
	char c;

	while (read(there[0], &c, 1) == 1 && write(back[1], &c, 1) == 1)
		;
	_exit(0);
}

static uint32_t whose;

static void futex(int op, uint32_t value)
{
	syscall(SYS_futex, &whose, op | FUTEX_PRIVATE_FLAG, value, NULL, NULL, 0);
}

/* Wait until it is mine, make it the other's. */
static bool futex_turn(uint32_t mine)
{
	uint32_t value;

	while ((value = __atomic_load_n(&whose, __ATOMIC_ACQUIRE)) != mine) {
		if (value == 2)
			return false;
		futex(FUTEX_WAIT, value);
	}
	__atomic_store_n(&whose, !mine, __ATOMIC_RELEASE);
	futex(FUTEX_WAKE, 1);
	return true;
}

static void futex_ping(void)
{
	futex_turn(0);
}

static void *futex_pong(void *unused)
{
	while (futex_turn(1))
		;
	return unused;
}

void switches(void)
{
	pthread_t thread;
	pid_t child;

	child = partner(yield_ever);
	measure("two switches, processes that yield", yield_once);
	end(child);

	if (pthread_create(&thread, NULL, yield_until, NULL))
		die("pthread_create");
	measure("two switches, threads that yield", yield_once);
	stop = true;
	pthread_join(thread, NULL);

	if (pipe(there) || pipe(back))
		die("pipe");
	child = partner(pong);
	measure("there and back by pipe, processes", ping);
	end(child);

	if (pthread_create(&thread, NULL, futex_pong, NULL))
		die("pthread_create");
	measure("there and back by futex, threads", futex_ping);
	__atomic_store_n(&whose, 2, __ATOMIC_RELEASE);
	futex(FUTEX_WAKE, 1);
	pthread_join(thread, NULL);
}

/* ---- It is taken ------------------------------------------------------------------- */

static volatile uint64_t *taken;

static void take_ever(void)
{
	const struct timespec pause = { .tv_nsec = 100000 };

	real_time(1);
	for (;;) {
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		++*taken;
	}
}

/* In user space, between two looks at the clock, once another process had the CPU. */
void preemption(void)
{
	unsigned int i = 0;
	pid_t child;

	taken = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (taken == MAP_FAILED)
		die("mmap");
	child = partner(take_ever);
	while (!*taken)
		;
	while (i < ROUNDS) {
		uint64_t before = *taken, last, t = watch_now(&last);

		/* Not if it was but an interrupt. */
		if (*taken == before + 1)
			sample[i++] = t - last;
	}
	cell("preempted by a timer's process", ROUNDS);
	end(child);
	munmap((void *)taken, PAGE);
}
