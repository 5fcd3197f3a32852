/* SPDX-License-Identifier: GPL-2.0-only */
/* x86_64: the questions that every event asks. */
#ifndef ESTP_ARCH_X86_64_INLINE_H
#define ESTP_ARCH_X86_64_INLINE_H

#include <asm/syscall.h>
#include <asm/trapnr.h>

/*
 * Is current attached?  Preemption off.  The scheduler's notifiers keep it per CPU, and there
 * one instruction finds it.
 */
DECLARE_PER_CPU(struct estp_space *, estp_running);

static __always_inline bool estp_arch_attached(void)
{
	return __this_cpu_read(estp_running);
}

/* handle_signal() does what is left to do, and all of it can be foreseen. */
#define ESTP_ARCH_FRAME_HOOK	0

/*
 * orig_ax is the system call's number until the thread's next entry by another way;
 * exceptions and interrupts set it to -1, and so does rt_sigreturn once it has
 * restored the registers.
 */
static inline bool estp_arch_in_syscall(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs) != -1;
}

/* The kernel's function for the system call. */
#define ESTP_ARCH_MADVISE	"__x64_sys_madvise"

static inline long estp_arch_syscall_nr(struct pt_regs *regs)
{
	return syscall_get_nr(current, regs);
}

/* Spans are 64-bit code; a thread that strayed into a 32-bit segment is on no page. */
static inline bool estp_arch_native(struct pt_regs *regs)
{
	return user_64bit_mode(regs);
}

/* By its tracer, or by itself. */
static __always_inline bool estp_arch_stepped(void)
{
	return test_thread_flag(TIF_SINGLESTEP);
}

/* Also asked by an interrupt, which may come while estp_arch_divert() is at it. */
static inline unsigned long estp_arch_pc(const struct pt_regs *regs)
{
	return READ_ONCE(regs->ip);
}

static inline void estp_arch_divert(struct pt_regs *regs, unsigned long response)
{
	/* A fault's frame has it set, for its instruction to be repeated without its breakpoint. */
	if (response != regs->ip)
		regs->flags &= ~X86_EFLAGS_RF;
	WRITE_ONCE(regs->ip, response);
}

static inline void estp_arch_forget_trap(void)
{
	current->thread.cr2 = 0;
	current->thread.error_code = 0;
	current->thread.trap_nr = 0;
}

/*
 * Signals forced by force_sig() carry no more than SI_KERNEL.  Those that an
 * instruction raised have just had their trap number noted.
 */
static inline bool estp_arch_trap_forces(int sig)
{
	switch (current->thread.trap_nr) {
	case X86_TRAP_GP:
	case X86_TRAP_TS:
	case X86_TRAP_VE:
		return sig == SIGSEGV;	/* #OF reports the pc after its instruction */
	case X86_TRAP_SS:
	case X86_TRAP_NP:
		return sig == SIGBUS;
	default:
		return false;
	}
}

static inline bool estp_arch_is_fault(const struct pt_regs *regs,
				      const struct kernel_siginfo *info)
{
	if (info->si_code == SI_KERNEL)
		return estp_arch_trap_forces(info->si_signo);
	/* Control-flow protection is not ours to undo. */
	if (info->si_signo == SIGSEGV && info->si_code == SEGV_CPERR)
		return false;
	/* A bus lock, once taken, is told as an alignment check that was not asked for. */
	if (info->si_signo == SIGBUS && info->si_code == BUS_ADRALN)
		return current->thread.trap_nr == X86_TRAP_AC && regs->flags & X86_EFLAGS_AC;
	return true;
}

/* fixup_exception(regs, trap number, ...): FLT-9, and a memory error, are no FAULT. */
static inline bool estp_arch_kernel_fault(int trap)
{
	return trap != X86_TRAP_MC && trap != X86_TRAP_OF;
}

/* What faults in the kernel otherwise than by fixup_exception(): nothing. */
static inline bool estp_arch_bus_error(unsigned long esr)
{
	return false;
}

#endif /* ESTP_ARCH_X86_64_INLINE_H */
