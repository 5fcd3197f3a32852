// SPDX-License-Identifier: GPL-2.0-only
/*
 * INTERRUPT, and signals as PREEMPTION: the moment before a handler's frame is written.
 *
 * The signal_deliver tracepoint runs with siglock held, preemption off, after every
 * ptrace stop of this delivery and before the frame: what is changed in current's registers
 * here is what the frame will hold.  Only the snapshot is read.
 *
 * Where the kernel decides about a restart on both sides of that moment (arm64), it
 * only takes notes, and estp_signal_frame() acts a moment later, when the pc is final.
 *
 *   1. PREEMPTION that became due since task works were run
 *   2. INTERRUPT, at the pc that the frame would hold: clear, then go to the response
 *   3. the signal counts as PREEMPTION for the pc that results
 */
#include <linux/signal.h>

#include "estp.h"
#include "arch/arch.h"
#include "trace.h"

/* Raised by an instruction of this thread: the siginfo tells where. */
static bool tells_pc(int sig, const struct kernel_siginfo *info)
{
	if (info->si_code <= SI_USER)
		return false;
	switch (sig) {
	case SIGSEGV:
	case SIGILL:
	case SIGFPE:
	case SIGTRAP:
		return true;
	case SIGBUS:
		/* AO: some page elsewhere, found bad by the scrubber. */
		return info->si_code != BUS_MCEERR_AO;
	default:
		return false;
	}
}

static bool raised_by_trap(int sig, const struct kernel_siginfo *info)
{
	return tells_pc(sig, info) && !(sig == SIGTRAP && info->si_code == TRAP_PERF);
}

static void hide(int sig, struct kernel_siginfo *info, unsigned long response)
{
	if (tells_pc(sig, info))
		info->si_addr = (void __user *)response;
	else if (sig == SIGSYS && info->si_code > SI_USER)
		info->si_call_addr = (void __user *)response;
	estp_arch_forget_trap();
}

static void interrupt(struct estp_thread *thread, struct pt_regs *regs,
		      struct estp_frame *frame, int sig, struct kernel_siginfo *info)
{
	unsigned long pc = frame->pc;
	struct estp_match match;

	if (!estp_space_match(thread->space, pc, ESTP_INTERRUPT, 0, &match))
		return;
	estp_arch_frame_divert(regs, frame, match.response);
	estp_arch_clear(regs, match.clear_mask, match.reset_pkey);
	hide(sig, info, match.response);
	estp_diverted(thread->space, ESTP_INTERRUPT, pc, match.response);
}

static void signal_preempts(struct estp_thread *thread, struct pt_regs *regs,
			    struct estp_frame *frame)
{
	unsigned long pc = frame->pc;
	struct estp_match match;

	if (!estp_space_match(thread->space, pc, ESTP_PREEMPTION, 0, &match))
		return;
	estp_arch_frame_divert(regs, frame, match.response);
	estp_diverted(thread->space, ESTP_PREEMPTION, pc, match.response);
}

/* Preemption off. */
static void deliver(struct estp_thread *thread, struct pt_regs *regs, int sig,
		    struct kernel_siginfo *info, const struct k_sigaction *ka)
{
	bool trap = estp_is_trap(sig, info->si_code);
	struct estp_frame frame;

	if (trap)
		WRITE_ONCE(thread->due, false);
	else if (READ_ONCE(thread->due))
		estp_preempt_apply(thread, regs);

	frame = estp_arch_frame(regs, ka);
	interrupt(thread, regs, &frame, sig, info);
	if (!trap)
		signal_preempts(thread, regs, &frame);
}

/* A tracepoint's arguments, as they come: what precedes this does not move them. */
void estp_signal_deliver(void *data, int sig, struct kernel_siginfo *info, struct k_sigaction *ka)
{
	struct pt_regs *regs = task_pt_regs(current);
	struct estp_thread *thread;

	thread = estp_current();
	if (likely(!thread))
		return;
	/* Without a handler there is no frame: invisible. */
	if (ka->sa.sa_handler == SIG_DFL || ka->sa.sa_handler == SIG_IGN)
		return;
	if (!estp_arch_native(regs))
		return;

	if (!raised_by_trap(sig, info))
		estp_arch_no_trap();
	if (ESTP_ARCH_FRAME_HOOK) {
		thread->delivering.sig = sig;
		thread->delivering.info = info;
	} else {
		deliver(thread, regs, sig, info, ka);
	}
}

/* In current, on the way from signal_deliver to the frame, in the same kernel entry. */
void estp_signal_frame(void)
{
	struct estp_thread *thread = estp_current();
	struct kernel_siginfo *info;

	if (likely(!thread))
		return;
	info = thread->delivering.info;
	if (!info)
		return;
	thread->delivering.info = NULL;
	preempt_disable();
	deliver(thread, task_pt_regs(current), thread->delivering.sig, info, NULL);
	preempt_enable();
}
