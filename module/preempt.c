// SPDX-License-Identifier: GPL-2.0-only
/*
 * PREEMPTION: a thread that left its CPU inside a span goes on at the response.
 *
 *   sched_out    only looks.  The pc must not be written here: a fault that sleeps is
 *                still on its way, and would be looked up with the wrong pc.
 *      |  hit: due, and a task work queued
 *      v
 *   task work    on the way to user space, before signals are taken: matches again, at the
 *                pc that the thread has by then, because FAULT may have moved it.
 *
 * In a stop (traced, stopped) the thread is past its faults, and a tracer reads its
 * registers as soon as it is off its CPU: there sched_out writes the pc itself.
 *
 * Cost of a switch of an attached thread elsewhere: estp_index_maybe() in sched_out, one
 * store there, and a store and a barrier in sched_in.  Nobody pays anything before the
 * first registration: the scheduler's static branch is off until then.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/task_work.h>

#include "estp.h"
#include "arch/arch.h"
#include "compat/compat.h"
#include "trace.h"

/* The space whose attached thread is in user space, or could be, on this CPU. */
DEFINE_PER_CPU(struct estp_space *, estp_running);

/* ---- What a debugger needs left alone ------------------------------------------------ */

bool estp_is_trap(int sig, int code)
{
	if (sig != SIGTRAP)
		return false;
	switch (code) {
	case TRAP_BRKPT:
	case TRAP_TRACE:
	case TRAP_BRANCH:
	case TRAP_HWBKPT:
	case SI_KERNEL:		/* int3 */
		return true;
	default:
		return false;
	}
}

/* A trap's SIGTRAP that current has not taken yet.  May not be called with siglock held. */
static bool trap_pending(void)
{
	struct sigqueue *q;
	unsigned long flags;
	bool found = false;

	if (likely(!sigismember(&current->pending.signal, SIGTRAP)))
		return false;
	spin_lock_irqsave(&current->sighand->siglock, flags);
	list_for_each_entry(q, &current->pending.list, list)
		found |= estp_is_trap(q->info.si_signo, q->info.si_code);
	spin_unlock_irqrestore(&current->sighand->siglock, flags);
	return found;
}

/* ---- Looking ---------------------------------------------------------------------------- */

static bool stopped(void)
{
	return READ_ONCE(current->__state) & (__TASK_STOPPED | __TASK_TRACED);
}

static bool stopped_by_trap(void)
{
	const struct kernel_siginfo *info = current->last_siginfo;

	return info && estp_is_trap(info->si_signo, info->si_code);
}

static bool in_span(struct estp_thread *thread, struct pt_regs *regs,
		    struct estp_match *match)
{
	return !estp_arch_in_syscall(regs) && estp_arch_native(regs) &&
	       !test_thread_flag(TIF_SINGLESTEP) &&
	       estp_space_match(thread->space, instruction_pointer(regs), ESTP_PREEMPTION,
				0, match);
}

static void divert(struct estp_thread *thread, struct pt_regs *regs,
		   const struct estp_match *match)
{
	unsigned long pc = instruction_pointer(regs);

	estp_arch_divert(regs, match->response);
	estp_diverted(thread->space, ESTP_PREEMPTION, pc, match->response);
}

static void queue_due(struct estp_thread *thread)
{
	thread->due = true;
	if (thread->due_queued)
		return;
	thread->due_queued = true;
	refcount_inc(&thread->refs);
	if (task_work_add(current, &thread->due_work, ESTP_TWA_RESUME_ATOMIC)) {
		/* Exiting: there is no next user instruction. */
		thread->due_queued = false;
		refcount_dec(&thread->refs);
	}
}

void estp_preempt_mark(struct estp_thread *thread)
{
	struct estp_match match;

	if (in_span(thread, task_pt_regs(current), &match))
		queue_due(thread);
}

/* Off the common path: the pc may be on a registered page. */
static noinline void look(struct preempt_notifier *notifier)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
	struct pt_regs *regs = task_pt_regs(current);
	struct estp_match match;

	if (!in_span(thread, regs, &match))
		return;
	if (!stopped()) {
		queue_due(thread);
		return;
	}
	/* What was due before is settled here; the tracer may write any pc after this. */
	thread->due = false;
	if (!stopped_by_trap())
		divert(thread, regs, &match);
}

static void sched_out(struct preempt_notifier *notifier, struct task_struct *next)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
	unsigned long pc = instruction_pointer(task_pt_regs(current));

	__this_cpu_write(estp_running, NULL);
	if (likely(!estp_index_maybe(READ_ONCE(thread->space->set.index), pc)))
		return;
	look(notifier);
}

static void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);

	__this_cpu_write(estp_running, thread->space);
	/* Pairs with estp_fence(): it sees us running, or we see what it stored before. */
	smp_mb();
}

const struct preempt_ops estp_preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* ---- Acting ------------------------------------------------------------------------------ */

void estp_preempt_apply(struct estp_thread *thread, struct pt_regs *regs)
{
	struct estp_match match;

	thread->due = false;
	if (in_span(thread, regs, &match))
		divert(thread, regs, &match);
}

static void apply_unless_trapped(struct estp_thread *thread)
{
	bool trapped = trap_pending();

	preempt_disable();
	if (trapped)
		thread->due = false;
	else
		estp_preempt_apply(thread, task_pt_regs(current));
	preempt_enable();
}

void estp_preempt_work(struct callback_head *work)
{
	struct estp_thread *thread = container_of(work, struct estp_thread, due_work);

	/* From here on another preemption queues it anew. */
	WRITE_ONCE(thread->due_queued, false);
	barrier();
	if (thread->due)
		apply_unless_trapped(thread);
	estp_thread_put(thread);
}

/* ---- Attaching ------------------------------------------------------------------------------ */

static void drop_dead(void)
{
	struct preempt_notifier *notifier;
	struct hlist_node *next;

	hlist_for_each_entry_safe(notifier, next, &current->preempt_notifiers, link)
		if (notifier->ops == &estp_preempt_ops)
			estp_preempt_detach(container_of(notifier, struct estp_thread,
							 notifier));
}

void estp_preempt_attach(struct estp_thread *thread)
{
	refcount_inc(&thread->refs);
	/* What an earlier space left: before ours, so that sched_in tells ours last. */
	drop_dead();
	preempt_disable();
	preempt_notifier_register(&thread->notifier);
	sched_in(&thread->notifier, smp_processor_id());
	preempt_enable();
	/* It was not watched until now: whatever happened counts as a preemption. */
	apply_unless_trapped(thread);
}

void estp_preempt_detach(struct estp_thread *thread)
{
	if (hlist_unhashed(&thread->notifier.link))
		return;
	preempt_disable();
	/* preempt_notifier_unregister() would leave no trace of having been here. */
	hlist_del_init(&thread->notifier.link);
	/* As the scheduler does before sched_out(): a fence that sees NULL sees our stores. */
	smp_mb();
	__this_cpu_write(estp_running, NULL);
	preempt_enable();
	estp_thread_put(thread);
}
