// SPDX-License-Identifier: MIT
/*
 * Something to observe: so many diversions, of known sequences, and then the kernel's own count.
 *
 *	work [unregistered]
 *
 * 70 faults in look(), 30 in touch(), 20 signals to watched(), and preemptions of busy() by a
 * second thread on the same CPU, 10 at least. At the end it prints the counters of /dev/estp,
 * when nobody is in a sequence any more: so they are final.
 *
 *	PREEMPTION 23 INTERRUPT 20 FAULT 100
 *
 * Unregistered, it takes back what was registered, and does the rest all the same, but for what
 * would fault: the twin.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <time.h>

#include <estp/sequence.h>

enum { LOOKS = 70, TOUCHES = 30, SIGNALS = 20, PREEMPTIONS = 10, SECONDS_MAX = 60 };

static volatile long handled;	/* signals */
static volatile long done;	/* the other thread may go */
static bool twin;
static int device;

static __attribute__((noinline)) int look(const long *p)
{
	long v;

	__asm__ volatile goto(
		ESTP_START(look)
		"movq (%[p]), %[v]\n\t"
		ESTP_END(look)
		ESTP_ON_FAULT(look, "%l[fault]", ESTP_MEMORY)
		: [v] "=&r"(v) : [p] "r"(p) : "memory" : fault);
	return 0;
ESTP_RESPONSE(fault);
	return -EFAULT;
}

static __attribute__((noinline)) int touch(long *p)
{
	__asm__ volatile goto(
		ESTP_START(touch)
		"movq $1, (%[p])\n\t"
		ESTP_END(touch)
		ESTP_ON_FAULT(touch, "%l[fault]", ESTP_MEMORY)
		: : [p] "r"(p) : "memory" : fault);
	return 0;
ESTP_RESPONSE(fault);
	return -EFAULT;
}

/* Waits for a signal, in its sequence. The handler sees it nowhere but at its start. */
static __attribute__((noinline)) void watched(volatile long *count, long until)
{
	__asm__ volatile(
		ESTP_START(watched)
		ESTP_WAIVE(watched, ESTP_RULE_LOOP)
		"1:	pause\n\t"
		"cmpq	%[until], (%[count])\n\t"
		"jl	1b\n\t"
		ESTP_END(watched)
		ESTP_ON_INTERRUPT(watched, ESTP_LABEL(watched, again), ESTP_LABEL(watched, again_end), 0, 0)
		ESTP_COLD_BEGIN
		ESTP_LABEL(watched, again) ":\n\t"
		"jmp	" ESTP_LABEL(watched, start) "\n\t"
		ESTP_LABEL(watched, again_end) ":\n\t"
		ESTP_COLD_END
		: : [count] "r"(count), [until] "r"(until) : "memory", "cc");
}

/* Some time in a sequence that begins anew: less than a time slice. */
static __attribute__((noinline)) void busy(void)
{
	long n;

	__asm__ volatile(
		ESTP_START(busy)
		ESTP_WAIVE(busy, ESTP_RULE_LOOP)
		"movl	$20000, %k[n]\n\t"
		"1:	pause\n\t"
		"decq	%[n]\n\t"
		"jnz	1b\n\t"
		ESTP_END(busy)
		ESTP_RESTART(busy)
		: [n] "=&r"(n) : : "cc");
}

static void ask(struct estp_stats *stats)
{
	memset(stats, 0, sizeof(*stats));
	stats->mem_fd = -1;
	if (ioctl(device, ESTP_IOC_STATS, stats)) {
		perror(ESTP_DEVICE);
		exit(2);
	}
}

static void handler(int nr)
{
	(void)nr;
	handled++;
}

static void *neighbour(void *unused)
{
	while (!done)
		;
	return unused;
}

static void preempted(void)
{
	time_t end = time(NULL) + SECONDS_MAX;
	struct estp_stats stats;
	pthread_t thread;
	int rounds = 0;

	if (pthread_create(&thread, NULL, neighbour, NULL))
		exit(2);
	do {
		busy();
		ask(&stats);
	} while ((twin ? ++rounds < 50 : stats.diversions[ESTP_PREEMPTION] < PREEMPTIONS) &&
		 time(NULL) < end);
	done = 1;
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	struct sigaction action = { .sa_handler = handler };
	static const struct itimerval off;
	struct estp_stats stats;
	struct itimerval timer = { .it_value.tv_usec = 20000 };
	cpu_set_t cpus;
	int i;

	twin = argc > 1 && !strcmp(argv[1], "unregistered");
	device = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0) {
		perror(ESTP_DEVICE);
		return 2;
	}
	if (estp_object_error()) {
		fprintf(stderr, "not registered: %s\n", strerror(-estp_object_error()));
		return 2;
	}
	if (twin && madvise((void *)((uintptr_t)busy & -4096), 8192, MADV_ESTP_UNREGISTER)) {
		perror("unregister");
		return 2;
	}
	CPU_ZERO(&cpus);
	CPU_SET(0, &cpus);
	sched_setaffinity(0, sizeof(cpus), &cpus);

	for (i = 0; i < LOOKS && !twin; i++)
		if (look(NULL) != -EFAULT)
			return 1;
	for (i = 0; i < TOUCHES && !twin; i++)
		if (touch(NULL) != -EFAULT)
			return 1;
	sigaction(SIGALRM, &action, NULL);
	for (i = 1; i <= SIGNALS; i++) {
		setitimer(ITIMER_REAL, &timer, NULL);
		watched(&handled, i);
	}
	setitimer(ITIMER_REAL, &off, NULL);
	preempted();

	ask(&stats);
	printf("PREEMPTION %llu INTERRUPT %llu FAULT %llu\n",
	       (unsigned long long)stats.diversions[ESTP_PREEMPTION],
	       (unsigned long long)stats.diversions[ESTP_INTERRUPT],
	       (unsigned long long)stats.diversions[ESTP_FAULT]);
	return 0;
}
