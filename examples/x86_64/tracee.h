/* SPDX-License-Identifier: MIT */
#ifndef TRACEE_H
#define TRACEE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/user.h>
#include <ucontext.h>

/* The pc of a stopped tracee. */
static inline uintptr_t tracee_pc(pid_t pid)
{
	return ptrace(PTRACE_PEEKUSER, pid, offsetof(struct user_regs_struct, rip), NULL);
}

/* The pc in a signal's frame. */
static inline uintptr_t frame_pc(const void *context)
{
	return ((const ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
}

#endif /* TRACEE_H */
