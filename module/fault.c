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
 * (estp_on_no_fault()) or come without a trap of their own (estp_arch_is_fault()).
 */
#include <linux/signal.h>
#include <linux/uprobes.h>

#include "estp.h"
#include "arch/arch.h"
#include "compat/compat.h"
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
 * A uprobe's instruction, executed elsewhere: the kernel waits for its step, or for its fault's signal.  Nobody can register
 * what is mapped there for that, but what he has mapped in its place.
 */
static __always_inline bool in_uprobe(void)
{
	return unlikely(current->utask) && current->utask->active_uprobe;
}

/*
 * The logging hook asks the same question a moment before the signal is forced; the
 * answer is kept, and good as long as the set has not changed; for the next fault like it, too.
 */
static __always_inline bool match_fault(struct estp_thread *thread, unsigned long pc, int cause)
{
	const struct estp_set *set = &thread->space->set;
	const struct estp_index *ix;
	unsigned long slot;
	bool hit;

	preempt_disable();
	thread->expected.changes = smp_load_acquire(&set->changes);
	ix = READ_ONCE(set->index);
	/* Whoever faults with pages registered mostly does so on one: no filter first. */
	slot = estp_index_find(ix, pc & PAGE_MASK);
	hit = slot && !(slot & ESTP_SLOT_VOID) &&
	      estp_match(ix, estp_slot_page(slot), pc, ESTP_FAULT, cause,
			 &thread->expected.match);
	preempt_enable();
	thread->expected.pc = hit ? pc : ESTP_NO_PC;
	thread->expected.cause = cause;
	return hit;
}

static noinline bool match_anew(struct estp_thread *thread, unsigned long pc, int cause)
{
	return match_fault(thread, pc, cause);
}

static bool was_expected(const struct estp_thread *thread, unsigned long pc, int cause)
{
	return thread->expected.pc == pc && thread->expected.cause == cause &&
	       thread->expected.changes == READ_ONCE(thread->space->set.changes);
}

static __always_inline bool fault(struct estp_thread *thread, struct kernel_siginfo *info)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long pc = instruction_pointer(regs), response;
	int cause = cause_of(info);

	if (!can_fault(regs, cause) || !estp_arch_is_fault(regs, info))
		return false;
	if (unlikely(!was_expected(thread, pc, cause)) && !match_anew(thread, pc, cause))
		return false;
	if (in_uprobe())
		return false;
	response = thread->expected.match.response;
	estp_arch_divert(regs, response);
	/* A later frame would show what this one was about. */
	estp_arch_forget_trap();
	estp_diverted(thread->space, ESTP_FAULT, pc, response);
	return true;
}

int estp_nothing_sent(void)
{
	return 0;
}

/* force_sig_info_to_task(info, task, handler) */
notrace bool estp_fault_diverts(struct kernel_siginfo *info, struct task_struct *task, int handler)
{
	struct estp_thread *thread = estp_current();

	if (!thread || task != current)
		return false;
	if (unlikely(thread->no_fault)) {
		thread->no_fault = false;
		return false;
	}
	return handler == ESTP_HANDLER_CURRENT && fault(thread, info);
}

/* unhandled_signal(task, sig): 0 is "handled". */
notrace bool estp_fault_will_divert(struct task_struct *task, int sig)
{
	struct estp_thread *thread = estp_current();
	struct pt_regs *regs = task_pt_regs(current);
	int cause;

	if (!thread || task != current)
		return false;
	cause = cause_of_signal(sig);
	return can_fault(regs, cause) && match_fault(thread, instruction_pointer(regs), cause) && !in_uprobe();
}

/* do_fpsimd_exc(esr, regs): sends SIGFPE, not forced, for the instruction at the pc. */
ESTP_HOOK(estp_on_fp_trap)
{
	struct estp_thread *thread = estp_current();
	struct kernel_siginfo info;

	if (likely(!thread))
		return;
	clear_siginfo(&info);
	info.si_signo = SIGFPE;
	info.si_code = FPE_FLTUNK;
	if (fault(thread, &info))
		estp_hook_divert(fregs, estp_nothing_sent);
}

/* The next signal that is forced on current is no fault of an instruction. */
ESTP_HOOK(estp_on_no_fault)
{
	struct estp_thread *thread = estp_current();

	if (thread)
		thread->no_fault = true;
}
