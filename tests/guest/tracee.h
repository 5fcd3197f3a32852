/* SPDX-License-Identifier: MIT */
/*
 * A child that runs code with known registers under a tracer, for the tests of
 * what debuggers see.
 */
#ifndef TRACEE_H
#define TRACEE_H

#include <sys/ptrace.h>

#include "harness.h"

struct tracee {
	struct code *code;
	u32 entry;
	struct regs in, out;
	void (*prepare)(void);		/* in the child, before it runs */
	u64 arg;			/* for emit_load() and its like, unless 0 */
	bool attach;			/* by PTRACE_ATTACH, whose SIGSTOP tracee_wait() has yet to see */
	pid_t pid;
};

/* The structure itself is shared with the child: shared(sizeof(struct tracee)). */
static inline void tracee_start(struct tracee *t)
{
	static u32 seed;
	pid_t pid;

	regs_fill(&t->in, ++seed);
	if (t->arg)
		regs_set_arg(&t->in, t->arg);
	memset(&t->out, 0, sizeof(t->out));
	code_reset(t->code);
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(cpus_nr() - 1);
		set_fifo(0, 1);		/* kernel workers do not preempt it */
		if (t->prepare)
			t->prepare();
		regs_run(&t->in, &t->out, code_addr(t->code, t->entry));
		_exit(0);
	}
	t->pid = pid;			/* in memory that the child has, too */
	must(t->attach || !ptrace(PTRACE_SEIZE, t->pid, 0, PTRACE_O_EXITKILL));
	must(wait_until(t->code->data->inside, 5000));
	must(!t->attach || !ptrace(PTRACE_ATTACH, t->pid, 0, 0));
}

/* Waits for the next stop; its status >> 8 (signal and event), or -1 once it has ended. */
static inline int tracee_wait(struct tracee *t)
{
	int status;

	must(waitpid(t->pid, &status, __WALL) == t->pid);
	return WIFSTOPPED(status) ? status >> 8 : -1;
}

static inline void tracee_interrupt(struct tracee *t)
{
	if (ptrace(PTRACE_INTERRUPT, t->pid, 0, 0)) {
		int status = 0;

		waitpid(t->pid, &status, __WALL);
		bail("the tracee ended by itself: %s, landed %#x", ending(status),
		     t->code->data->landed);
	}
	must(tracee_wait(t) == (SIGTRAP | PTRACE_EVENT_STOP << 8));
}

static inline void tracee_go(struct tracee *t, int how, int sig)
{
	must(!ptrace(how, t->pid, 0, sig));
}

/* Lets it go, out of any hold if it stays; where it landed, or LANDED_NOWHERE if it died. */
static inline u32 tracee_end(struct tracee *t)
{
	unsigned int i;
	int status;

	must(!ptrace(PTRACE_DETACH, t->pid, 0, 0));
	if (!wait_until(t->code->data->landed, 500))
		for (i = 0; i < t->code->hold_nr; i++)
			code_let_go(t->code, i, t->code->escape);
	must(waitpid(t->pid, &status, __WALL) == t->pid);
	return exited_with(status, 0) ? t->code->data->landed : LANDED_NOWHERE;
}

#endif
