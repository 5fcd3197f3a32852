// SPDX-License-Identifier: GPL-2.0-only
/*
 * FAULT: an instruction that would have raised a signal goes on at the response.
 *
 * Every such signal passes force_sig_info_to_task(), where it is still only an intention:
 * no handler looked at, nothing queued, no mask changed.  We write the pc and have that
 * function return at once.  Before that, the architecture asks unhandled_signal()
 * whether to log the fault; one that will be diverted is handled.
 *
 * Not every forced signal is an instruction's: a signal frame that cannot be written
 * or read back, or a broken rseq area, ends there as well.  Those announce themselves
 * (estp_fault_not_next()) or come without a trap of their own (estp_arch_is_fault()).
 */
#include <linux/signal.h>

#include "estp.h"
#include "arch/arch.h"

#define NO_CAUSE	-1

static int cause_of_signal(int sig)
{
	switch (sig) {
	case SIGSEGV:
		return ilog2(ESTP_CAUSE_SEGV);
	case SIGBUS:
		return ilog2(ESTP_CAUSE_BUS);
	case SIGILL:
		return ilog2(ESTP_CAUSE_ILL);
	case SIGFPE:
		return ilog2(ESTP_CAUSE_FPE);
	default:
		return NO_CAUSE;
	}
}

static int cause_of(const struct kernel_siginfo *info)
{
	if (info->si_code <= SI_USER)
		return NO_CAUSE;
	if (info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AR)
		return ilog2(ESTP_CAUSE_MCEERR);
	if (info->si_signo == SIGBUS && info->si_code == BUS_MCEERR_AO)
		return NO_CAUSE;
	return cause_of_signal(info->si_signo);
}

static bool match_fault(struct estp_thread *thread, struct pt_regs *regs, int cause,
			struct estp_match *match)
{
	return cause != NO_CAUSE && !estp_arch_in_syscall(regs) && estp_arch_native(regs) &&
	       current->mm == thread->space->mm &&
	       estp_space_match(thread->space, instruction_pointer(regs), ESTP_FAULT, cause,
				match);
}

/* Context: current, a handler for the signal not looked at yet; does not sleep. */
bool estp_fault(struct kernel_siginfo *info)
{
	struct estp_thread *thread = estp_current();
	struct pt_regs *regs = task_pt_regs(current);
	struct estp_match match;
	unsigned long pc;
	bool hit;

	if (likely(!thread))
		return false;
	if (thread->no_fault) {
		thread->no_fault = false;
		return false;
	}
	preempt_disable();
	hit = match_fault(thread, regs, cause_of(info), &match) &&
	      estp_arch_is_fault(regs, info);
	if (hit) {
		pc = instruction_pointer(regs);
		estp_arch_divert(regs, match.response);
		/* A later frame would show what this one was about. */
		estp_arch_forget_trap();
		estp_diverted(thread->space, ESTP_FAULT, pc, match.response);
	}
	preempt_enable();
	return hit;
}

bool estp_fault_expected(int sig)
{
	struct estp_thread *thread = estp_current();
	struct estp_match match;
	bool hit;

	if (likely(!thread))
		return false;
	preempt_disable();
	hit = match_fault(thread, task_pt_regs(current), cause_of_signal(sig), &match);
	preempt_enable();
	return hit;
}

void estp_fault_not_next(void)
{
	struct estp_thread *thread = estp_current();

	if (thread)
		thread->no_fault = true;
}
