// SPDX-License-Identifier: GPL-2.0-only
/*
 * PREEMPTION: a thread that left its CPU inside a span goes on at the response.
 *
 *   sched_out    only looks.  The pc must not be written here: a fault that sleeps is
 *                still on its way, and would be looked up with the wrong pc.
 *   sched_in     looks, too, if the set has changed meanwhile.
 *      |  hit: due, and a task work queued
 *      v
 *   task work    on the way to user space, before signals are taken: at the pc that the
 *                thread has by then, because FAULT may have moved it, and if that or the set
 *                is another one now, matches again.
 *
 * In a stop (traced, stopped) the thread is past its faults, and a tracer reads its
 * registers as soon as it is off its CPU: there sched_out writes the pc itself.
 *
 * Cost of a switch of an attached thread elsewhere: estp_index_maybe() in sched_out, one
 * store there, and a store, a barrier and a comparison in sched_in.  Nobody pays anything while nobody is
 * registered: the scheduler's static branch is off then.
 */
#include <linux/percpu.h>
#include <linux/preempt.h>
#include <linux/ptrace.h>
#include <linux/sched/signal.h>
#include <linux/signal.h>
#include <linux/task_work.h>
#include <linux/workqueue.h>

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

/* Forcing a signal unblocks it: one that is blocked was sent, and may stay for ever. */
static __always_inline bool sigtrap_pending(void)
{
	return unlikely(data_race(sigismember(&current->pending.signal, SIGTRAP))) &&
	       !sigismember(&current->blocked, SIGTRAP);
}

static noinline bool find_trap(void)
{
	struct sigqueue *q;
	unsigned long flags;
	bool found = false;

	spin_lock_irqsave(&current->sighand->siglock, flags);
	/* All of them, at worst: so does the kernel when it takes a signal off this list. */
	list_for_each_entry(q, &current->pending.list, list) {
		found = estp_is_trap(q->info.si_signo, q->info.si_code);
		if (found)
			break;
	}
	spin_unlock_irqrestore(&current->sighand->siglock, flags);
	return found;
}

/* A trap's SIGTRAP that current has not taken yet.  May not be called with siglock held. */
static __always_inline bool trap_pending(void)
{
	return sigtrap_pending() && find_trap();
}

/* ---- Looking ---------------------------------------------------------------------------- */

/*
 * Who is preempted on the way into a stop stays on its runqueue, may not have said yet why it
 * stops, and comes here again.
 */
static bool stopped(void)
{
	return READ_ONCE(current->__state) & (__TASK_STOPPED | __TASK_TRACED) && !current->on_rq;
}

/* How often current has left its CPU; rises before sched_out. */
static unsigned long stays(void)
{
	return current->nvcsw + current->nivcsw;
}

static bool stopped_by_trap(void)
{
	const struct kernel_siginfo *info = current->last_siginfo;

	if (!info || info->si_signo != SIGTRAP)
		return false;
	/* x86 tells so of a step into a handler, with its flag of the step gone; of system calls, with a message. */
	return estp_is_trap(SIGTRAP, info->si_code) || (info->si_code == SIGTRAP && !current->ptrace_message);
}

/*
 * Only a stop that current has come to is frozen, by a tracer's request; it stays so, if that let it go on, until the
 * tracer or current gets siglock next.
 */
static bool frozen(unsigned long jobctl)
{
	return jobctl & JOBCTL_PTRACE_FROZEN;
}

/*
 * On the way out of a tracer's stop: nothing has been executed since, and the tracer may have written the
 * pc.  Under PREEMPT_RT the first thing there is a lock that the waking tracer holds.  Who is on the way in is still
 * marked as traced, unless the tracer has ended; then it tells whether the stay before was one in that stop.
 */
static bool leaving_stop(const struct estp_thread *thread)
{
	unsigned long jobctl = data_race(current->jobctl);

	if (jobctl & JOBCTL_TRACED)
		return false;
	return frozen(jobctl) ||
	       (current->last_siginfo && (data_race(current->ptrace) || thread->settled == stays() - 1));
}

static __always_inline bool can_divert(struct pt_regs *regs)
{
	return !estp_arch_in_syscall(regs) && estp_arch_native(regs) &&
	       !estp_arch_stepped();
}

/*
 * A hit is kept in ->left: the task work asks the same question again, mostly at the same
 * pc.  That answer is good as long as the set has not changed, as in fault.c.
 */
static __always_inline bool match_left(struct estp_thread *thread, unsigned long pc)
{
	u64 changes = smp_load_acquire(&thread->space->set.changes);
	const struct estp_index *ix = READ_ONCE(thread->space->set.index);
	unsigned long slot = estp_index_find(ix, pc & PAGE_MASK);
	struct estp_match match;

	if (!slot || slot & ESTP_SLOT_VOID ||
	    !estp_match(ix, estp_slot_page(slot), pc, ESTP_PREEMPTION, 0, &match))
		return false;
	thread->left.response = match.response;
	thread->left.pc = pc;
	/* Last: a fence's interrupt in between leaves an answer of its own, or one that is asked anew. */
	barrier();
	thread->left.changes = changes;
	return true;
}

static noinline bool match_anew(struct estp_thread *thread, unsigned long pc)
{
	return match_left(thread, pc);
}

static inline bool was_left(const struct estp_thread *thread, unsigned long pc)
{
	return thread->left.pc == pc &&
	       thread->left.changes == READ_ONCE(thread->space->set.changes);
}

/* To where ->left says. */
static __always_inline void divert(struct estp_thread *thread, struct pt_regs *regs)
{
	unsigned long pc = instruction_pointer(regs), response = thread->left.response;

	estp_arch_divert(regs, response);
	estp_diverted(thread->space, ESTP_PREEMPTION, pc, response);
}

static void queue_due(struct estp_thread *thread)
{
	WRITE_ONCE(thread->due, true);
	if (READ_ONCE(thread->due_queued))
		return;
	WRITE_ONCE(thread->due_queued, true);
	/* Exiting: there is no next user instruction. */
	if (task_work_add(current, &thread->due_work, ESTP_TWA_RESUME_ATOMIC))
		WRITE_ONCE(thread->due_queued, false);
}

void estp_preempt_mark(struct estp_thread *thread)
{
	struct pt_regs *regs = task_pt_regs(current);
	unsigned long pc = estp_arch_pc(regs);

	if (estp_index_maybe(READ_ONCE(thread->space->set.index), pc) &&
	    can_divert(regs) && match_left(thread, pc))
		queue_due(thread);
}

/* Off the common path: the pc may be on a registered page. */
static noinline notrace void look(struct preempt_notifier *notifier)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
	struct pt_regs *regs = task_pt_regs(current);
	bool hit = can_divert(regs) && match_left(thread, estp_arch_pc(regs));

	if (likely(!stopped())) {
		if (hit && unlikely(leaving_stop(thread)))
			thread->settled = stays();
		else if (hit)
			queue_due(thread);
		return;
	}
	/* What was due before is settled here; a tracer may write any pc after this. */
	WRITE_ONCE(thread->due, false);
	if (hit || data_race(current->ptrace))
		thread->settled = stays();
	if (!hit || stopped_by_trap())
		return;
	/* Other stops come before a trap's signal is taken.  Whether it is one cannot be asked here. */
	if (sigtrap_pending())
		queue_due(thread);
	else
		divert(thread, regs);
}

static notrace void sched_out(struct preempt_notifier *notifier, struct task_struct *next)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
	unsigned long pc = estp_arch_pc(task_pt_regs(current));

	__this_cpu_write(estp_running, NULL);
	if (unlikely(estp_index_maybe(READ_ONCE(thread->space->set.index), pc)))
		look(notifier);
}

/*
 * Comes it from a stop that has diverted it, or in which a tracer may have written the pc?  last_siginfo goes
 * only when it runs again; a tracee that was attached, not seized, has none in a group stop.
 */
static bool comes_from_stop(const struct estp_thread *thread)
{
	unsigned int ptrace = data_race(current->ptrace) & (PT_PTRACED | PT_SEIZED);
	unsigned long jobctl = data_race(current->jobctl);

	return thread->settled == stays() || current->last_siginfo || frozen(jobctl) ||
	       (ptrace == PT_PTRACED && jobctl & JOBCTL_STOP_SIGMASK);
}

/*
 * What was registered while it was away counts as if it had been when it left.  What was before that sched_out
 * has seen, and says the same here.
 */
static noinline notrace void look_again(struct estp_thread *thread)
{
	unsigned long flags;

	thread->seen = smp_load_acquire(&thread->space->set.changes);
	if (comes_from_stop(thread))
		return;
	local_irq_save(flags);
	estp_preempt_mark(thread);
	local_irq_restore(flags);
}

static notrace void sched_in(struct preempt_notifier *notifier, int cpu)
{
	struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
	struct estp_space *space = thread->space;

	__this_cpu_write(estp_running, space);
	/* Pairs with estp_fence(): it sees us running, or we see what was registered and stored before. */
	smp_mb();
	if (unlikely(READ_ONCE(space->set.changes) != thread->seen))
		look_again(thread);
}

const struct preempt_ops estp_preempt_ops = {
	.sched_in = sched_in,
	.sched_out = sched_out,
};

/* ---- Acting ------------------------------------------------------------------------------ */

static __always_inline void apply(struct estp_thread *thread, struct pt_regs *regs)
{
	unsigned long pc = instruction_pointer(regs);

	WRITE_ONCE(thread->due, false);
	if (can_divert(regs) && (likely(was_left(thread, pc)) || match_anew(thread, pc)))
		divert(thread, regs);
}

void estp_preempt_apply(struct estp_thread *thread, struct pt_regs *regs)
{
	apply(thread, regs);
}

static __always_inline void apply_unless_trapped(struct estp_thread *thread)
{
	bool trapped = trap_pending();

	preempt_disable();
	if (trapped)
		WRITE_ONCE(thread->due, false);
	else
		apply(thread, task_pt_regs(current));
	preempt_enable();
}

notrace void estp_preempt_work(struct callback_head *work)
{
	struct estp_thread *thread = container_of(work, struct estp_thread, due_work);

	/* From here on another preemption queues it anew. */
	WRITE_ONCE(thread->due_queued, false);
	barrier();
	if (READ_ONCE(thread->due) && !thread->detached)
		apply_unless_trapped(thread);
	/* It was the last that kept it: see estp_preempt_detach(). */
	if (unlikely(thread->detached))
		estp_thread_put(thread);
}

/* ---- The scheduler's branch ---------------------------------------------------------- */

/*
 * Preempt notifiers cost every switch of every task 6 instructions once their static
 * branch is on.  So it is off until the first registration, and again a while after the
 * last one has gone: not at once, because changing code that every CPU runs all the time
 * is expensive, and programs start and end.
 */
#define UNWATCH_DELAY	(10 * HZ)

static DEFINE_MUTEX(watch_mutex);
static bool watched;

static void unwatch(struct work_struct *unused);
static DECLARE_DELAYED_WORK(unwatch_work, unwatch);

void estp_preempt_watch(void)
{
	mutex_lock(&watch_mutex);
	if (!watched)
		preempt_notifier_inc();
	watched = true;
	mutex_unlock(&watch_mutex);
}

/* A space that is made meanwhile counts before it has us watch: one of us sees the other. */
static void unwatch(struct work_struct *unused)
{
	mutex_lock(&watch_mutex);
	if (watched && !estp_spaces_exist()) {
		preempt_notifier_dec();
		watched = false;
	}
	mutex_unlock(&watch_mutex);
}

void estp_preempt_unwatch(void)
{
	mod_delayed_work(system_unbound_wq, &unwatch_work, UNWATCH_DELAY);
}

void estp_preempt_exit(void)
{
	cancel_delayed_work_sync(&unwatch_work);
	unwatch(NULL);
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
	bool queued;

	if (hlist_unhashed(&thread->notifier.link))
		return;
	preempt_disable();
	/* preempt_notifier_unregister() would leave no trace of having been here. */
	hlist_del_init(&thread->notifier.link);
	/*
	 * What was due goes with the set that it is due by: after exec the work runs before the
	 * new program's first instruction.
	 */
	WRITE_ONCE(thread->due, false);
	/* As the scheduler does before sched_out(): a fence that sees NULL sees our stores. */
	smp_mb();
	__this_cpu_write(estp_running, NULL);
	/*
	 * Nobody finds it any more, so none is queued from here on.  One that is takes over
	 * the reference: the work will run in this task, in its exit at the latest.
	 */
	barrier();
	queued = READ_ONCE(thread->due_queued);
	thread->detached = queued;
	preempt_enable();
	if (!queued)
		estp_thread_put(thread);
}
