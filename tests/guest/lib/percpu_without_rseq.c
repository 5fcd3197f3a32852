// SPDX-License-Identifier: MIT
/*
 * CPU-2, CPU-3: where libc has not registered for rseq, each thread is registered by its first
 * operation, whichever that is, and operations are as exact as elsewhere.
 *
 * Method: glibc is told not to. A thread for each operation, which has no number before
 * it and one after it; one FAULT diversion says that it was had that way, where the number
 * was not asked for before. Moved to another
 * CPU it goes on there. A child by vfork, which has its parent's memory but not its registration, gets none.
 */
/* vm: --env GLIBC_TUNABLES=glibc.pthread.rseq=0 */
#include "operations.h"

#include <linux/sched.h>
#include <sys/rseq.h>

static int number_here(void)
{
	return *(volatile int *)((char *)__builtin_thread_pointer() + cpu.offset);
}

static void *first(void *arg)
{
	const struct operation *op = arg;
	u64 before = diverted(ESTP_FAULT);

	pin(0);
	operations_reset();
	is(number_here(), -1, "%s: a thread without a number", op->name);
	is(op->once(), 0, "%s is done", op->name);
	is(diverted(ESTP_FAULT) - before, !op->told, "with %d detours", !op->told);
	is(number_here(), 0, "and the thread has a number");
	pin(1);
	is(op->once(), 0, "%s is done elsewhere", op->name);
	is(diverted(ESTP_FAULT) - before, !op->told, "with no more");
	if (op->done)
		ok(op->done(0) == 1 && op->done(1) == 1, "one each");
	return NULL;
}

static void *by_number(void *unused)
{
	pin(1);
	is(number_here(), -1, "a thread without a number");
	is(estp_cpu_number(cpu), 1, "asks for it");
	return NULL;
}

static void *by_token(void *unused)
{
	estp_cpu_t again;

	is(number_here(), -1, "a thread without a number");
	is(estp_cpu(&again), 0, "takes a token");
	is(again.offset, cpu.offset, "the same one");
	ok(number_here() >= 0, "and has a number");
	return NULL;
}

static volatile int result;

static pid_t clone_quietly(void)
{
	struct clone_args args = { .exit_signal = SIGCHLD };

	return (pid_t)syscall(SYS_clone3, &args, sizeof(args));
}

/* Children: of vfork(2), of fork(2), and of clone(2) with memory of their own, of whom no handler of fork knows. */
enum { SHARES, FORKED, CLONED };

static void *in_child(void *arg)
{
	int how = (int)(long)arg;
	intptr_t *v = estp_percpu_alloc(sizeof(*v), 0);
	volatile pid_t pid;
	int status;

	must(v);
	is(number_here(), -1, "a thread without a number");
	pid = how == SHARES ? vfork() : how == FORKED ? fork() : clone_quietly();
	must(pid >= 0);
	if (!pid) {
		result = estp_add(v, 1, cpu);
		_exit(-result);
	}
	must(waitpid(pid, &status, 0) == pid);
	if (how == SHARES) {
		ok(exited_with(status, ENXIO) && result == -ENXIO, "whose child by vfork makes an operation: none is done");
		is(number_here(), -1, "and leaves it without a number");
		pin(1);
		is(estp_cpu_number(cpu), 1, "which it gets itself");
		pin(0);
		is(estp_cpu_number(cpu), 0, "and which follows it");
	} else {
		ok(exited_with(status, 0), "twin: a child by %s has its own number", how == FORKED ? "fork" : "clone");
	}
	estp_percpu_free(v);
	return NULL;
}

static void thread(void *(*fn)(void *), const void *arg)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, fn, (void *)arg));
	must(!pthread_join(t, NULL));
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	if (!is(__rseq_size, 0, "libc has no rseq"))
		return;
	is(estp_cpu(&cpu), 0, "a token");
	for (i = 0; i < ARRAY_LEN(operations); i++)
		thread(first, &operations[i]);
	thread(by_number, NULL);
	thread(by_token, NULL);
	thread(in_child, (void *)SHARES);
	thread(in_child, (void *)FORKED);
	thread(in_child, (void *)CLONED);
}
