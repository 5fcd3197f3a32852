// SPDX-License-Identifier: MIT
/*
 * What ESTP costs, in guest instructions: one event, many times, the median.
 *
 *   cost others    nothing registered here, but by another process
 *   cost PAGES     0: nothing registered; 1: one page below all code; more: so many, below
 *                  and above, so that the pc that is measured lies between them
 *
 * Runs under an instruction-counting QEMU (vm/run --icount) on one virtual CPU: there
 * the time stamp counter advances by one an instruction.  Each line of output is a
 * row's name, a tab, and the median.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../include/uapi/estp.h"
#include "cost_arch.h"

#define ROUNDS	2000
#define FORKS	200
#define PAGE	4096ul

static uint64_t sample[ROUNDS];

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void row(const char *name, unsigned int nr)
{
	qsort(sample, nr, sizeof(*sample), by_value);
	printf("%s\t%lu\n", name, (unsigned long)sample[nr / 2]);
	fflush(stdout);
}

/* ---- Registration: pages of code that nobody runs, far below and above what does -- */

static void make_page(unsigned char *page, unsigned int start, unsigned int len,
		      unsigned int response)
{
	uint64_t *word = (uint64_t *)page;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
	word[1] = ESTP_DESCRIPTOR(ESTP_FAULT, start, start + len, response);
}

static void *map_code(void *at, unsigned long nr)
{
	void *p = mmap(at, nr * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static unsigned char *make_pages(void *at, unsigned long nr)
{
	unsigned char *page = map_code(at, nr);
	unsigned long i;

	for (i = 0; i < nr; i++)
		make_page(page + i * PAGE, 64, 8, 128);
	return page;
}

static void register_pages(unsigned char *page, unsigned long nr)
{
	if (madvise(page, nr * PAGE, MADV_ESTP_REGISTER))
		die("MADV_ESTP_REGISTER");
}

/* ---- Events ------------------------------------------------------------------------ */

/* Two processes on one CPU give it to each other: two switches a round. */
static void switches(void)
{
	pid_t child = fork();
	int i;

	if (child < 0)
		die("fork");
	if (!child)
		for (;;)
			sched_yield();
	for (i = -100; i < ROUNDS; i++) {
		uint64_t t = now();

		sched_yield();
		if (i >= 0)
			sample[i] = now() - t;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	row("two context switches", ROUNDS);
}

static void nothing(int sig)
{
	(void)sig;
}

static void signals(void)
{
	pid_t pid = getpid(), tid = gettid();
	int i;

	signal(SIGUSR1, nothing);
	for (i = -100; i < ROUNDS; i++) {
		uint64_t t = now();

		syscall(SYS_tgkill, pid, tid, SIGUSR1);
		if (i >= 0)
			sample[i] = now() - t;
	}
	row("signal, handler, return", ROUNDS);
}

/* A load from NULL and the first instruction after its response. */
static void faults(unsigned char *page)
{
	int i;

	write_fault_code(page);
	if (madvise(page, PAGE, MADV_ESTP_REGISTER))
		die("MADV_ESTP_REGISTER");
	for (i = -100; i < ROUNDS; i++) {
		uint64_t t = now(), end = ((uint64_t (*)(void *))(page + CODE_OFF))(NULL);

		if (i >= 0)
			sample[i] = end - t;
	}
	row("fault to response", ROUNDS);
}

static jmp_buf again;

static void jump_back(int sig)
{
	(void)sig;
	_longjmp(again, 1);
}

/* The quickest way without: SA_NODEFER, so that the jump need not restore the mask. */
static void faults_by_signal(void)
{
	struct sigaction sa = { .sa_handler = jump_back, .sa_flags = SA_NODEFER };
	static volatile int i;
	static uint64_t t;

	sigaction(SIGSEGV, &sa, NULL);
	for (i = -100; i < ROUNDS; i++) {
		t = now();
		if (!_setjmp(again))
			(void)*(volatile char *)NULL;
		if (i >= 0)
			sample[i] = now() - t;
	}
	row("SIGSEGV, handler, longjmp", ROUNDS);
	signal(SIGSEGV, SIG_DFL);
}

/*
 * To fork's return in the parent, and until the child is gone.  As a real-time task the
 * parent is not preempted by the child that it has just made.
 */
static void forks(const char *alone, const char *whole)
{
	struct sched_param fifo = { .sched_priority = 1 }, other = { .sched_priority = 0 };
	static uint64_t forked[FORKS];
	int i;

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &fifo))
		die("sched_setscheduler");

	for (i = -20; i < FORKS; i++) {
		uint64_t t = now(), returned;
		pid_t child = fork();

		returned = now();
		if (child < 0)
			die("fork");
		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		if (i >= 0) {
			forked[i] = returned - t;
			sample[i] = now() - t;
		}
	}
	row(whole, FORKS);
	sched_setscheduler(0, SCHED_OTHER, &other);
	memcpy(sample, forked, sizeof(forked));
	row(alone, FORKS);
}

static void fences(void)
{
	int i;

	for (i = -100; i < ROUNDS; i++) {
		uint64_t t = now();

		madvise(NULL, 0, MADV_ESTP_FENCE);
		if (i >= 0)
			sample[i] = now() - t;
	}
	row("fence, one CPU", ROUNDS);
}

int main(int argc, char **argv)
{
	unsigned long pages = argc > 1 ? strtoul(argv[1], NULL, 0) : 0;

	if (argc > 1 && !strcmp(argv[1], "others") && !fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		register_pages(make_pages(NULL, 1), 1);
		for (;;)
			pause();
	}
	if (pages) {
		/* Far below and above everything, so that the pc is between them. */
		unsigned char *low = make_pages((void *)0x10000, 1);
		unsigned char *high = pages > 1 ? make_pages(NULL, pages - 1) : NULL;

		/* The memory itself costs fork something. */
		forks("fork, not registered", "fork, exit, wait, not registered");
		register_pages(low, 1);
		if (high)
			register_pages(high, pages - 1);
	}
	switches();
	signals();
	forks("fork", "fork, exit, wait");
	faults_by_signal();
	if (pages) {
		faults(map_code(NULL, 1));
		fences();
	}
	return 0;
}
