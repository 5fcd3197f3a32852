// SPDX-License-Identifier: MIT
/*
 * A process whose sequences are diverted a known number of times, as it is told by lines
 * on its standard input; each is answered by "done".
 *
 *   fault N      N times FAULT in peek()
 *   hold N       N times INTERRUPT in hold(), by a thread of its own
 *   wait N       N times PREEMPTION in wait_once(), by a thread of its own
 *   fence N      N fences
 *   page         a page in memory of no file is registered; at the next one it is unmapped
 *   churn N      the same, N times there and gone
 *   endless      a thread begins a sequence that has no end, another takes its CPU from it
 *   busy         the same with a sequence that comes to its end again and again
 *   fork         a child faults once, and ends by itself
 *   share        a child in the same memory, which stays until the next line
 *   exit
 *
 * Called with the word "leave" it goes on without its first thread; with "once" it faults
 * once and ends.
 */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <estp.h>
#include <estp/sequence.h>

#include "subject.h"

#define must(x) do { if (!(x)) { perror(#x); exit(1); } } while (0)

static volatile int entered, left;
static volatile long tally;

/* A response that leaves is never diverted again: one diversion a call. */
static __attribute__((noinline)) int peek(const long *p)
{
	long v;

	__asm__ volatile goto( /* peek */
		ESTP_START(peek)
		LOAD("%[v]", AT("%[p]"))
		ESTP_END(peek)
		ESTP_ON_FAULT(peek, "%l[fault]", ESTP_MEMORY)
		: [v] "=&r"(v) : [p] "r"(p) : "memory" : fault);
	return 0;
ESTP_RESPONSE(fault);
	return -1;
}

static __attribute__((noinline)) void hold(void)
{
	__asm__ volatile goto( /* hold */
		ESTP_START(hold)
		SPIN_ONCE
		ESTP_END(hold)
		ESTP_COLD_BEGIN
		ESTP_LABEL(hold, response) ":\n\t"
		JUMP("%l[out]")
		ESTP_LABEL(hold, response_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_INTERRUPT(hold, ESTP_LABEL(hold, response), ESTP_LABEL(hold, response_end), 0, 0)
		: : [entered] "m"(entered), [one] "r"(1) : "memory" : out);
ESTP_RESPONSE(out);
}

static __attribute__((noinline)) void wait_once(void)
{
	__asm__ volatile goto( /* wait_once */
		ESTP_START(wait)
		SPIN_ONCE
		ESTP_END(wait)
		ESTP_ON_PREEMPTION(wait, "%l[out]")
		: : [entered] "m"(entered), [one] "r"(1) : "memory" : out);
ESTP_RESPONSE(out);
}

/* Longer than any time slice: it is begun anew for ever. */
static __attribute__((noinline)) void endless(void)
{
	__asm__ volatile( /* endless */
		ESTP_START(endless)
		SPIN
		ESTP_END(endless)
		ESTP_RESTART(endless)
		: : : "memory");
}

/* Nearly always inside, but some thousand instructions long only. */
static __attribute__((noinline)) void busy(void)
{
	long n, t;

	__asm__ volatile( /* busy */
		ESTP_START(busy)
		COUNT
		ESTP_END(busy)
		ESTP_RESTART(busy)
		: [n] "=&r"(n), [t] "=&r"(t) : [tally] "m"(tally) : "memory", "cc");
}

static void handler(int signal)
{
	(void)signal;
}

static void *hold_thread(void *unused)
{
	hold();
	left = 1;
	return unused;
}

static void *wait_thread(void *unused)
{
	wait_once();
	left = 1;
	return unused;
}

static void in_thread(void *(*fn)(void *), int signal)
{
	pthread_t thread;

	entered = left = 0;
	must(!pthread_create(&thread, NULL, fn, NULL));
	while (!entered && !left)
		sched_yield();
	if (signal)
		must(!pthread_kill(thread, signal));
	else
		must(!madvise(NULL, 0, MADV_ESTP_FENCE));
	must(!pthread_join(thread, NULL));
}

/* ---- For ever, on a CPU that somebody else wants, too ------------------------------- */

static void pin(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sysconf(_SC_NPROCESSORS_ONLN) - 1, &one);
	must(!sched_setaffinity(0, sizeof(one), &one));
}

static void *endless_thread(void *unused)
{
	pin();
	endless();
	return unused;
}

static void *busy_thread(void *unused)
{
	pin();
	for (;;)
		busy();
	return unused;
}

static void *rival_thread(void *unused)
{
	pin();
	for (;;)
		__asm__ volatile(RELAX);
	return unused;
}

static void begin(void *(*fn)(void *))
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, fn, NULL));
	must(!pthread_create(&thread, NULL, rival_thread, NULL));
}

static void toggle_page(void)
{
	static u_int64_t *page;

	if (page) {
		must(!munmap(page, 4096));
		page = NULL;
		return;
	}
	page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(page != MAP_FAILED);
	page[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 2);
	page[1] = ESTP_DESCRIPTOR(ESTP_PREEMPTION, 0x100, 0x110, 0x100);
	page[2] = ESTP_DESCRIPTOR(ESTP_FAULT, 0x100, 0x110, 0x200);
	must(!madvise(page, 4096, MADV_ESTP_REGISTER));
}

static int shared_fd[2];

static int shared_child(void *unused)
{
	char byte;

	(void)unused;
	return read(shared_fd[0], &byte, 1) != 1;
}

static void toggle_share(void)
{
	static char stack[65536] __attribute__((aligned(16)));
	static int child;
	int status;

	if (child) {
		must(write(shared_fd[1], "", 1) == 1);
		must(waitpid(child, &status, 0) == child && !status);
		child = 0;
		return;
	}
	must(!pipe(shared_fd));
	child = clone(shared_child, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	must(child > 0);
}

static void *reader(void *unused)
{
	char word[32];
	int n, i, status;
	char line[64];

	while (fgets(line, sizeof(line), stdin)) {
		n = 1;
		must(sscanf(line, "%31s %d", word, &n) >= 1);
		if (!strcmp(word, "exit"))
			exit(0);
		for (i = 0; i < n; i++) {
			if (!strcmp(word, "fault")) {
				must(peek(NULL) == -1);
			} else if (!strcmp(word, "hold")) {
				in_thread(hold_thread, SIGUSR1);
			} else if (!strcmp(word, "wait")) {
				in_thread(wait_thread, 0);
			} else if (!strcmp(word, "fence")) {
				must(!madvise(NULL, 0, MADV_ESTP_FENCE));
			} else if (!strcmp(word, "page")) {
				toggle_page();
			} else if (!strcmp(word, "churn")) {
				toggle_page();
				toggle_page();
			} else if (!strcmp(word, "endless")) {
				begin(endless_thread);
			} else if (!strcmp(word, "busy")) {
				begin(busy_thread);
			} else if (!strcmp(word, "share")) {
				toggle_share();
			} else if (!strcmp(word, "fork")) {
				int child = fork();

				must(child >= 0);
				if (!child)
					_exit(peek(NULL) != -1);
				must(waitpid(child, &status, 0) == child && !status);
			} else {
				fprintf(stderr, "what is %s?\n", word);
				exit(1);
			}
		}
		puts("done");
		fflush(stdout);
	}
	exit(0);
	return unused;
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler };
	pthread_t thread;

	if (estp_object_error()) {
		fprintf(stderr, "not registered: %s\n", strerror(estp_object_error()));
		return 1;
	}
	must(!sigaction(SIGUSR1, &action, NULL));
	if (argc > 1 && !strcmp(argv[1], "once"))
		return peek(NULL) == -1 ? 0 : 1;
	must(!pthread_create(&thread, NULL, reader, NULL));
	if (argc > 1 && !strcmp(argv[1], "leave"))
		pthread_exit(NULL);
	pthread_join(thread, NULL);
}
