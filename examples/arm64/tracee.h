/* SPDX-License-Identifier: MIT */
#ifndef TRACEE_H
#define TRACEE_H

#include <elf.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ptrace.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <ucontext.h>

/* The pc of a stopped tracee. */
static inline uintptr_t tracee_pc(pid_t pid)
{
	struct user_regs_struct regs = { .pc = 0 };
	struct iovec all = { &regs, sizeof(regs) };

	ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &all);
	return regs.pc;
}

/* The pc in a signal's frame. */
static inline uintptr_t frame_pc(const void *context)
{
	return ((const ucontext_t *)context)->uc_mcontext.pc;
}

#endif /* TRACEE_H */
