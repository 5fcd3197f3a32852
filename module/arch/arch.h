/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an architecture provides; the folder is the switch.  <isa>/arch.c and .S
 * define these, arch_inline.h beside them the ones that every event pays for:
 * estp_arch_in_syscall(), _syscall_nr(), _native(), _divert(), and
 * estp_arch_forget_trap(), which drops the address, error code and number of the last trap;
 * estp_arch_is_fault(): was this forced signal raised by the instruction at the user pc?
 * ESTP_ARCH_FRAME_HOOK: 1 if a hook calls estp_signal_frame() when the pc of a frame is
 * final; 0 if that is known in signal_deliver already.
 *
 * doc/porting.md goes through all of it.
 */
#ifndef ESTP_ARCH_H
#define ESTP_ARCH_H

#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>

#include "../../core/core.h"
#include "../compat/compat.h"

/* What this machine honours; called once at load, may sleep. */
int estp_arch_init(struct estp_rules *rules);

/**
 * struct estp_frame - where a signal frame would resume
 * @pc: the pc that the frame would hold, after system-call restart processing
 * @restart: a system call would be started again there
 * @in_syscall: the thread is in one, until the frame is written
 */
struct estp_frame {
	unsigned long pc;
	bool restart;
	bool in_syscall;
};

/* Before the frame of a handler is written; preemption off.  @ka: NULL in a frame hook. */
struct estp_frame estp_arch_frame(struct pt_regs *regs, const struct k_sigaction *ka);
/* Make the frame hold another pc; a restart that was due does not happen. */
void estp_arch_frame_divert(struct pt_regs *regs, struct estp_frame *frame, unsigned long pc);
/* Clear masked registers, in what the frame will hold and what the handler will see. */
void estp_arch_clear(struct pt_regs *regs, u32 mask, bool reset_pkey);
/* A signal that is not a trap's is being delivered: its frame says so. */
void estp_arch_no_trap(void);

/* Called at the start of the kernel's functions, see compat/hooks.c. */
void estp_arch_fork_mm_entry(void);
void estp_arch_fork_thread_entry(void);
void estp_arch_madvise_entry(void);
void estp_arch_force_sig_entry(void);
void estp_arch_unhandled_entry(void);
void estp_arch_signal_frame_entry(void);	/* where there is a frame hook */
void estp_arch_fixup_entry(void);
void estp_arch_search_entry(void);
void estp_arch_abort_entry(void);

#if defined(CONFIG_X86_64)
#include "x86_64/arch_inline.h"
#elif defined(CONFIG_ARM64)
#include "arm64/arch_inline.h"
#else
#error "estp: no port for this architecture: module/arch/arch.h says what one provides"
#endif

#endif /* ESTP_ARCH_H */
