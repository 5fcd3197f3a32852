// SPDX-License-Identifier: MIT
/*
 * CPU-2 in a static program with musl, which knows nothing of rseq: each thread is
 * registered by its first operation, and a detached thread, which unmaps its own stack,
 * leaves no registration behind that would kill the process.
 *
 * Run by percpu_musl.sh. The twin, unregistered, does not get a token.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <estp/percpu.h>

static estp_cpu_t cpu;
static intptr_t *counter;
static volatile long handled, gone;
static volatile bool stop;
static int test_nr, failed;

static void ok(bool cond, const char *what)
{
	printf("%sok %d - %s\n", cond ? "" : "not ", ++test_nr, what);
	failed += !cond;
}

static long sum(void)
{
	long n = 0;
	int i;

	for (i = 0; i < estp_percpu_nr(); i++)
		n += *(intptr_t *)estp_percpu_of(counter, i);
	return n;
}

static void handler(int sig)
{
	(void)sig;
	if (!estp_add(counter, 1, cpu))
		__atomic_fetch_add(&handled, 1, __ATOMIC_RELAXED);
}

static void *work(void *arg)
{
	long *done = arg;

	while (!stop)
		*done += !estp_add(counter, 1, cpu);
	return NULL;
}

static pthread_key_t key;

/* Destructors use operations, too, at least in the first round. */
static void destructor(void *value)
{
	(void)value;
	if (estp_add(counter, 1, cpu))
		_exit(3);
	__atomic_fetch_add(&gone, 1, __ATOMIC_RELAXED);
}

static void *detached(void *arg)
{
	pthread_setspecific(key, &key);
	if (estp_add(counter, 1, cpu))
		_exit(4);
	return arg;
}

int main(int argc, char **argv)
{
	enum { THREADS = 6, SHORT = 400 };
	pthread_t thread[THREADS];
	long done[THREADS] = { 0 }, made = 0;
	struct timespec t = { 0, 1000000 };
	pthread_attr_t attr;
	int i, error;

	(void)argv;
	error = estp_cpu(&cpu);
	if (argc > 1) {
		printf("# %s\n", estp_strerror(error));
		ok(error == -ENOSYS, "twin: without ESTP no token, and the error says so");
		printf("1..1\n");
		return failed;
	}
	ok(!error, "a token");
	counter = estp_percpu_alloc(sizeof(*counter), 0);
	ok(counter != NULL, "memory");
	if (error || !counter)
		return 1;
	signal(SIGUSR1, handler);
	for (i = 0; i < THREADS; i++)
		pthread_create(&thread[i], NULL, work, &done[i]);
	for (i = 0; i < 600; i++) {
		pthread_kill(thread[i % THREADS], SIGUSR1);
		nanosleep(&t, NULL);
	}
	stop = true;
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], NULL);
		made += done[i];
	}
	printf("# %ld, %ld of them by handlers\n", made + handled, handled);
	ok(made > 1000 && handled > 10 && sum() == made + handled, "all are counted");

	pthread_key_create(&key, destructor);
	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	made = sum();
	for (i = 0; i < SHORT; i++) {
		pthread_t one;

		while (pthread_create(&one, &attr, detached, NULL))
			nanosleep(&t, NULL);
	}
	for (i = 0; i < 20000 && gone < SHORT; i++)
		nanosleep(&t, NULL);
	ok(gone == SHORT && sum() == made + 2 * SHORT, "detached threads, and their destructors");
	printf("1..%d\n", test_nr);
	return failed != 0;
}
