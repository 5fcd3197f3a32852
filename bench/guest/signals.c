// SPDX-License-Identifier: MIT
/* Signals, and faults: as signals in the three usual styles, and as FAULT. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "measure.h"

static void handle(int sig, int flags, void (*handler)(int sig, siginfo_t *info, void *context))
{
	struct sigaction sa = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | flags };

	sigaction(sig, &sa, NULL);
}

static void nothing(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
}

void signals(void)
{
	pid_t pid = getpid(), tid = gettid();
	int i;

	handle(SIGUSR1, 0, nothing);
	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();

		syscall(SYS_tgkill, pid, tid, SIGUSR1);
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	cell("signal, handler, return", ROUNDS);
}

static unsigned char *go_on_at;

static void skip(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info;
	if (go_on_at)
		PC_OF((ucontext_t *)context) = (unsigned long)go_on_at;
}

static void fault_rounds(const char *row, void (*access)(const void *p))
{
	int i;

	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();

		access(NULL);
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	cell(row, ROUNDS);
}

static sigjmp_buf again;

static void jump_with_mask(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
	siglongjmp(again, 1);
}

static void jump(int sig, siginfo_t *info, void *context)
{
	(void)sig, (void)info, (void)context;
	_longjmp(again, 1);
}

static void (*access_once)(const void *p);

static void with_mask(const void *p)
{
	if (!sigsetjmp(again, 1))
		access_once(p);
}

static void without_mask(const void *p)
{
	if (!_setjmp(again))
		access_once(p);
}

/* @skip_to: where the handler leads the pc; NULL: an INTERRUPT has done so. */
void faults_by_signal(void (*access)(const void *p), unsigned char *skip_to)
{
	access_once = access;
	handle(SIGSEGV, 0, jump_with_mask);
	fault_rounds("SIGSEGV, sigsetjmp, siglongjmp", with_mask);
	handle(SIGSEGV, SA_NODEFER, jump);
	fault_rounds("SIGSEGV, SA_NODEFER, setjmp, longjmp", without_mask);
	go_on_at = skip_to;
	handle(SIGSEGV, 0, skip);
	fault_rounds("SIGSEGV, handler writes the pc, return", access);
	signal(SIGSEGV, SIG_DFL);
}

void faults(void)
{
	fault_rounds("FAULT, to the response", fault);
}
