// SPDX-License-Identifier: MIT
/*
 * A tracer stops the process at exactly one instruction and gives it a signal there.
 * That the process is traced changes nothing for INTERRUPT and FAULT (SPEC DBG-5, DBG-6).
 */
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "watch.h"

#define DEBUGREG(i)	(void *)(offsetof(struct user, u_debugreg) + 8 * (i))

/* Stopped by SIGTRAP? Any other stop's signal is handed on. */
static int wait_trap(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) == pid) {
		if (!WIFSTOPPED(status))
			return -1;
		if (WSTOPSIG(status) == SIGTRAP)
			return 0;
		if (ptrace(PTRACE_CONT, pid, NULL, (void *)(long)WSTOPSIG(status)))
			return -1;
	}
	return -1;
}

static const char *pc_of(pid_t pid)
{
	return (const char *)ptrace(PTRACE_PEEKUSER, pid, (void *)offsetof(struct user, regs.rip), NULL);
}

int trace_until(pid_t pid, const void *pc, int signal)
{
	if (ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), NULL) ||
	    ptrace(PTRACE_POKEUSER, pid, DEBUGREG(0), pc) ||
	    ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), (void *)1) ||
	    ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal))
		return -1;
	if (wait_trap(pid) || pc_of(pid) != pc)
		return -1;
	return ptrace(PTRACE_POKEUSER, pid, DEBUGREG(7), NULL) ? -1 : 0;
}

int trace_list(pid_t pid, const void *from, const void *to, const char **list, int room)
{
	const char *pc;
	int nr = 0, i;

	if (trace_until(pid, from, 0))
		return -1;
	for (;;) {
		pc = pc_of(pid);
		if (pc < (const char *)from || pc >= (const char *)to)
			return nr;
		for (i = 0; i < nr && list[i] != pc; i++)
			;
		if (i == nr && nr < room)
			list[nr++] = pc;
		if (ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL) || wait_trap(pid))
			return -1;
	}
}

int trace_poke_r9(pid_t pid, uint64_t value)
{
	return ptrace(PTRACE_POKEUSER, pid, (void *)offsetof(struct user, regs.r9), (void *)value) ?
		-1 : 0;
}

void trace_end(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}
