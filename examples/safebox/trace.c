// SPDX-License-Identifier: MIT
/*
 * A tracer stops the process at exactly one instruction and gives it a signal there.
 * That the process is traced changes nothing for INTERRUPT and FAULT (SPEC DBG-5, DBG-6).
 */
#include <sys/ptrace.h>
#include <sys/wait.h>

#include "frame.h"
#include "tracee.h"
#include "watch.h"

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
	return (const char *)tracee_pc(pid);
}

int trace_until(pid_t pid, const void *pc, int signal)
{
	if (tracee_break(pid, pc) || ptrace(PTRACE_CONT, pid, NULL, (void *)(long)signal))
		return -1;
	if (wait_trap(pid) || pc_of(pid) != pc)
		return -1;
	return tracee_break(pid, NULL);
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

void trace_end(pid_t pid)
{
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
}
