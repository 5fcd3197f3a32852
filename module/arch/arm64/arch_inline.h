/* SPDX-License-Identifier: GPL-2.0-only */
/* arm64: the questions that every event asks. */
#ifndef ESTP_ARCH_ARM64_INLINE_H
#define ESTP_ARCH_ARM64_INLINE_H

#include <asm/esr.h>
#include <asm/syscall.h>

/* Is current attached?  Preemption off. */
static __always_inline bool estp_arch_attached(void)
{
	return !hlist_empty(&current->preempt_notifiers);
}

/*
 * do_signal() rewinds the pc for a restart before signals are taken and may take that
 * back after signal_deliver; only when the frame is begun it is decided.
 */
#define ESTP_ARCH_FRAME_HOOK	1

/*
 * syscallno is the system call's number until the next entry by another way, until
 * rt_sigreturn has restored the registers, or until signals are taken: from there on no
 * instruction of the call is left to execute, and the pc is where user space goes on, just
 * as if it had been interrupted there.
 */
static inline bool estp_arch_in_syscall(struct pt_regs *regs)
{
	return in_syscall(regs);
}

/* The kernel's function for the system call. */
#define ESTP_ARCH_MADVISE	"__arm64_sys_madvise"

static inline long estp_arch_syscall_nr(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs);
}

static inline bool estp_arch_native(struct pt_regs *regs)
{
	return !compat_user_mode(regs);
}

/*
 * By its tracer. The kernel steps by itself past what perf watches: that step is over after the next
 * instruction, wherever that is, and the thread may leave its CPU before it.
 */
static __always_inline bool estp_arch_stepped(void)
{
	const struct debug_info *debug = &current->thread.debug;

	return test_thread_flag(TIF_SINGLESTEP) &&
	       (debug->suspended_step || !(debug->bps_disabled || debug->wps_disabled));
}

/* Also asked by an interrupt, which may come while estp_arch_divert() is at it. */
static inline unsigned long estp_arch_pc(const struct pt_regs *regs)
{
	return READ_ONCE(regs->pc);
}

/* A response is no target of a branch: it needs no landing pad. */
static inline void estp_arch_divert(struct pt_regs *regs, unsigned long response)
{
	WRITE_ONCE(regs->pc, response);
	regs->pstate &= ~PSR_BTYPE_MASK;
}

static inline void estp_arch_forget_trap(void)
{
	current->thread.fault_address = 0;
	current->thread.fault_code = 0;
}

static inline bool estp_arch_is_fault(const struct pt_regs *regs,
				      const struct kernel_siginfo *info)
{
	unsigned long esr = current->thread.fault_code;

	/* No instruction's: a frame that cannot be written. */
	if (info->si_code == SI_KERNEL)
		return false;
	/*
	 * A frame that rt_sigreturn cannot read is told without a syndrome, which every
	 * abort has.  (So is an emulated cache maintenance instruction: SPEC LIM.)
	 */
	if (info->si_signo == SIGSEGV && !esr)
		return false;
	/* Control-flow protection is not ours to undo; BTI has a hook of its own. */
	return info->si_signo != SIGILL || ESR_ELx_EC(esr) != ESR_ELx_EC_FPAC;
}

/* fixup_exception(regs): data aborts only, and none of them is asynchronous. */
static inline bool estp_arch_kernel_fault(int none)
{
	return true;
}

/* Nobody answered on the bus; not a table walk, not a parity or ECC error, as far as the processor tells these (KRN-4). */
static inline bool estp_arch_bus_error(unsigned long esr)
{
	return ESR_ELx_EC(esr) == ESR_ELx_EC_DABT_CUR &&
	       (esr & ESR_ELx_FSC) == ESR_ELx_FSC_EXTABT;
}

#endif /* ESTP_ARCH_ARM64_INLINE_H */
