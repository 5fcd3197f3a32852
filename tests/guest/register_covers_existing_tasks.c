// SPDX-License-Identifier: MIT
/*
 * REG-18: tasks that exist when an address space registers for the first time are
 * covered like those created later, whatever they are doing: spinning in user mode in a
 * sequence, asleep in a system call, in a process that shares the memory by CLONE_VM
 * alone; for all three selectors, from the return of the call on. Becoming covered
 * counts as a preemption.
 *
 * Method: in a process of its own for each case, as the first registration comes but
 * once. Tasks are brought into place, then the page is registered, then the event is
 * forced on each. The twin forces the same events before, when nothing is registered:
 * they do nothing.
 */
#include "probe.h"

#define VALUE	0x1000
#define SLEEPERS 8

enum { GOOD = 0, TWIN_FAILED = 10, NOT_COVERED, NOT_AT_ONCE, WRONG_RESULT, MISSED };

static int cpu(void)
{
	return cpus_nr() - 1;
}

/* A spinner, there before. */
static void spinning(void *arg)
{
	int selector = *(int *)arg;
	void *p = probe_new(VALUE);
	struct spinner s;

	pin(0);
	spinner_start(&s, p, selector, cpu());
	spinner_event(&s);
	if (s.done)
		_exit(TWIN_FAILED);
	if (probe_register(p))
		_exit(NOT_COVERED);
	spinner_event(&s);
	_exit(spinner_end(&s) == PROBE_VALUE(VALUE, selector, 0) ? GOOD : WRONG_RESULT);
}

/* It lost its CPU before the call and gets it back after: covering is a preemption. */
static volatile u32 hog_there, hog_stop;

static void *hog(void *arg)
{
	(void)arg;
	pin(cpu());
	set_fifo(0, 10);
	hog_there = 1;
	while (!hog_stop)
		;
	return NULL;
}

static void off_its_cpu(void *arg)
{
	void *p = probe_new(VALUE);
	pthread_t thread;
	struct spinner s;
	u64 turns;

	(void)arg;
	pin(0);
	spinner_start(&s, p, ESTP_PREEMPTION, cpu());
	spinner_event(&s);
	must(!pthread_create(&thread, NULL, hog, NULL));
	must(wait_until(hog_there, 5000));
	turns = s.turns;
	sleep_us(1000);
	if (s.turns != turns || s.done)
		_exit(TWIN_FAILED);
	if (probe_register(p))
		_exit(NOT_COVERED);
	hog_stop = 1;
	must(!pthread_join(thread, NULL));
	if (!wait_until(s.done, 2000) || s.turns > turns + 1)
		_exit(NOT_AT_ONCE);
	_exit(spinner_end(&s) == PROBE_VALUE(VALUE, ESTP_PREEMPTION, 0) ? GOOD : WRONG_RESULT);
}

/* Threads asleep in a system call; each then faults and is preempted. */
struct sleeper {
	pthread_t thread;
	volatile pid_t tid;
	void *page;
	int go[2];
	long before, after;
	struct spinner spin;
};

static long turn(struct sleeper *s)
{
	const struct probe_seq *seq = &probe_seq[ESTP_PREEMPTION];
	long (*loop)(void *) = (void *)((u8 *)s->page + seq->start);

	return loop(&s->spin);
}

static void *sleeper(void *arg)
{
	struct sleeper *s = arg;
	char byte;

	pin(cpu());
	s->before = probe_load(s->page, NULL);
	s->tid = gettid_();
	must(read(s->go[0], &byte, 1) == 1);
	s->after = probe_load(s->page, NULL);
	s->spin.result = turn(s);
	s->spin.done = 1;
	return NULL;
}

static void asleep(void *arg)
{
	static struct sleeper s[SLEEPERS];
	void *p = probe_new(VALUE);
	int i;

	(void)arg;
	pin(0);
	for (i = 0; i < SLEEPERS; i++) {
		s[i].page = p;
		must(!pipe(s[i].go));
		must(!pthread_create(&s[i].thread, NULL, sleeper, &s[i]));
		must(wait_until(s[i].tid, 2000));
		must(wait_asleep(s[i].tid, 2000));
	}
	if (probe_register(p))
		_exit(NOT_COVERED);
	for (i = 0; i < SLEEPERS; i++) {
		must(write(s[i].go[1], "", 1) == 1);
		if (!wait_until(s[i].spin.turns, 2000))
			_exit(NOT_AT_ONCE);
		preempt(cpu());
		if (!wait_until(s[i].spin.done, 2000))
			_exit(NOT_COVERED);
		must(!pthread_join(s[i].thread, NULL));
		if (s[i].before != PROBE_FAULTED)
			_exit(TWIN_FAILED);
		if (s[i].after != PROBE_VALUE(VALUE, ESTP_FAULT, 0) ||
		    s[i].spin.result != PROBE_VALUE(VALUE, ESTP_PREEMPTION, 0))
			_exit(WRONG_RESULT);
	}
	_exit(GOOD);
}

/* A process that shares the memory; it faults before and after. */
static struct other {
	void *page;
	volatile long before, after;
	volatile u32 ready, go, done;
} *other;

static int other_process(void *arg)
{
	(void)arg;
	other->before = probe_load(other->page, NULL);
	other->ready = 1;
	while (!other->go)
		;
	other->after = probe_load(other->page, NULL);
	other->done = 1;
	_exit(0);
}

static void clone_vm(void *arg)
{
	u8 *stack = pages_new(16);
	void *p = probe_new(VALUE);
	pid_t pid;

	(void)arg;
	other = shared(sizeof(*other));
	other->page = p;
	/* Handlers first: they are copied, without CLONE_SIGHAND. */
	if (probe_load(p, NULL) != PROBE_FAULTED)
		_exit(TWIN_FAILED);
	pid = clone(other_process, stack + 16 * page_size(), CLONE_VM | SIGCHLD, NULL);
	must(pid > 0);
	must(wait_until(other->ready, 2000));
	if (probe_register(p))
		_exit(NOT_COVERED);
	other->go = 1;
	if (!wait_until(other->done, 2000))
		_exit(NOT_COVERED);
	must(waitpid(pid, NULL, 0) == pid);
	if (other->before != PROBE_FAULTED)
		_exit(TWIN_FAILED);
	_exit(other->after == PROBE_VALUE(VALUE, ESTP_FAULT, 0) ? GOOD : WRONG_RESULT);
}

/* Many threads that fault all the time: none misses once the call has returned. */
#define FAULTERS 6
static volatile u32 registered, stop;
static u32 missed_after, missed_before, diverted_after;

static void *faulter(void *arg)
{
	while (!stop) {
		u32 was = registered;
		long got = probe_load(arg, NULL);

		if (got == PROBE_FAULTED)
			__atomic_add_fetch(was ? &missed_after : &missed_before, 1,
					   __ATOMIC_SEQ_CST);
		else if (was)
			__atomic_add_fetch(&diverted_after, 1, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void faulting(void *arg)
{
	void *p = probe_new(VALUE);
	pthread_t threads[FAULTERS];
	int i;

	(void)arg;
	for (i = 0; i < FAULTERS; i++)
		must(!pthread_create(&threads[i], NULL, faulter, p));
	must(wait_until(missed_before > 20 * FAULTERS, 5000));
	if (probe_register(p))
		_exit(NOT_COVERED);
	registered = 1;
	must(wait_until(diverted_after > 20 * FAULTERS, 5000));
	stop = 1;
	for (i = 0; i < FAULTERS; i++)
		must(!pthread_join(threads[i], NULL));
	_exit(missed_after ? MISSED : GOOD);
}

static void expect(void (*fn)(void *arg), int *arg, const char *what)
{
	int status = run_child(fn, arg, 15);

	if (!ok(exited_with(status, GOOD), "%s", what))
		diag("ended by %s", ending(status));
	/* Whose fault came after the call was not late: once is enough. */
	final(!exited_with(status, MISSED));
}

void test(void)
{
	int selector, i;

	need_estp();
	need_cpus(2);
	for (i = 0; i < 3; i++) {
		selector = ESTP_PREEMPTION;
		expect(spinning, &selector, "spinning in a PREEMPTION sequence: preemption diverts");
		expect(off_its_cpu, NULL, "in one, without its CPU: it resumes at the response");
		selector = ESTP_INTERRUPT;
		expect(spinning, &selector, "spinning in an INTERRUPT sequence: a signal diverts");
		expect(asleep, NULL, "asleep in a system call: faults and preemption divert");
		expect(clone_vm, NULL, "a process that shares the memory: its faults divert");
		expect(faulting, NULL, "six threads that fault: none misses after the call");
	}
}
