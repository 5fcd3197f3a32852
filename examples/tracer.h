/* SPDX-License-Identifier: MIT */
/*
 * Something happens to a process when it is about to execute one particular instruction:
 * its parent steps it there, one instruction at a time.  What happens next, the tracer
 * has nothing to do with any more.
 */
#ifndef TRACER_H
#define TRACER_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tracee.h"

#define STEPS_MAX	200000

/* Of those names: they are local ones, and no global offset table has their addresses. */
#define NAMED		__attribute__((visibility("hidden")))

/* Of a function whose instructions have names for the tracer. */
#if __has_attribute(noclone)
#define ONE_COPY	__attribute__((noinline, noclone))
#else
#define ONE_COPY	__attribute__((noinline))
#endif

/*
 * In the child: waits for step_to().  On one CPU, which its parent shares: a step is two
 * switches there, and wakes up nobody elsewhere.
 */
static inline void step_me(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	sched_setaffinity(0, sizeof(one), &one);
	sched_setaffinity(getppid(), sizeof(one), &one);
	ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	raise(SIGSTOP);
}

/*
 * Until @pid, which is in step_me() or has been stepped before, is about to execute what
 * is at @address for the @nth time.  False if it never gets there.
 */
static inline bool step_to(pid_t pid, const char *address, int nth)
{
	int status, steps;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	for (steps = 0; steps < STEPS_MAX; steps++) {
		if (tracee_pc(pid) == (uintptr_t)address && !--nth)
			return true;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) ||
		    waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
			return false;
	}
	return false;
}

/* It goes on, and is traced no more. */
static inline void let_go(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}

#endif /* TRACER_H */
