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
#include "trace.h"

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

static bool can_fault(struct pt_regs *regs, int cause)
{
	return cause != NO_CAUSE && !estp_arch_in_syscall(regs) && estp_arch_native(regs);
}

/*
 * The logging hook asks the same question a moment before the signal is forced; the
 * answer is kept, and good as long as the set has not changed.
 */
static bool match_fault(struct estp_thread *thread, unsigned long pc, int cause)
{
	const struct estp_set *set = &thread->space->set;
	const struct estp_index *ix;
	unsigned long slot;
	bool hit;

	preempt_disable();
	thread->expected.changes = READ_ONCE(set->changes);
	ix = READ_ONCE(set->index);
	/* Whoever faults with pages registered mostly does so on one: no filter first. */
	slot = estp_index_find(ix, pc & PAGE_MASK);
	hit = slot && !(slot & ESTP_SLOT_VOID) &&
	      estp_match(ix, estp_slot_page(slot), pc, ESTP_FAULT, cause,
			 &thread->expected.match);
	preempt_enable();
	thread->expected.pc = hit ? pc : 0;
	thread->expected.cause = cause;
	return hit;
}

static bool was_expected(const struct estp_thread *thread, unsigned long pc, int cause)
{
	return thread->expected.pc == pc && thread->expected.cause == cause &&
	       thread->expected.changes == READ_ONCE(thread->space->set.changes);
}

/* Context: current, a handler for the signal not looked at yet; does not sleep. */
bool estp_fault(struct kernel_siginfo *info)
{
	struct estp_thread *thread = estp_current();
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long pc = instruction_pointer(regs), response;
	int cause = cause_of(info);

	if (likely(!thread))
		return false;
	if (thread->no_fault) {
		thread->no_fault = false;
		return false;
	}
	if (!can_fault(regs, cause) || !estp_arch_is_fault(info))
		return false;
	if (!was_expected(thread, pc, cause) && !match_fault(thread, pc, cause))
		return false;
	thread->expected.pc = 0;
	response = thread->expected.match.response;
	estp_arch_divert(regs, response);
	/* A later frame would show what this one was about. */
	estp_arch_forget_trap();
	estp_diverted(thread->space, ESTP_FAULT, pc, response);
	return true;
}

bool estp_fault_expected(int sig)
{
	struct estp_thread *thread = estp_current();
	struct pt_regs *regs = task_pt_regs(current);
	int cause = cause_of_signal(sig);

	return thread && can_fault(regs, cause) &&
	       match_fault(thread, instruction_pointer(regs), cause);
}

void estp_fault_not_next(void)
{
	struct estp_thread *thread = estp_current();

	if (thread)
		thread->no_fault = true;
}
