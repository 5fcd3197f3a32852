// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tasks of a registered address space, from their first instruction under it to
 * exec or exit.
 *
 *   there already   found by estp_threads_cover() at the first registration; a queued work
 *                   makes the task attach itself before its next user instruction
 *   created later   the fork hook puts the notifier in place before the task has run
 *
 * A preempt notifier list belongs to its task: only current may change its own, or
 * whoever holds a task that has never run.
 *
 * References to a thread: being listed, being attached, each admin_work that is queued;
 * due_work, of an attached one only, inherits that of being attached if it is still queued
 * when that ends.  A listed one's task is alive: it is unlisted in the task's exit at the
 * latest, and a work that was queued is run in it.
 */
#include <linux/cpumask.h>
#include <linux/hashtable.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/smp.h>
#include <linux/task_work.h>

#include "estp.h"
#include "arch/arch.h"
#include "compat/compat.h"

DEFINE_RAW_SPINLOCK(estp_threads_lock);

/*
 * Looked through with interrupts off, and anybody can have thousands of threads: room for as many
 * as there are processes by default in short chains.
 */
static DEFINE_HASHTABLE(by_task, 13);	/* estp_threads_lock */

static void admin_work(struct callback_head *work);

/* Kernel threads and workers never run user code; waiting for them would hang. */
static bool runs_user_code(const struct task_struct *task)
{
	return !(task->flags & (PF_KTHREAD | ESTP_PF_WORKER));
}

static struct estp_thread *find_thread(const struct task_struct *task)
{
	struct estp_thread *thread;

	/* Of a space that is being taken down it may not have been unlisted yet. */
	hash_for_each_possible(by_task, thread, by_task, (unsigned long)task)
		if (thread->task == task && !thread->space->dead)
			return thread;
	return NULL;
}

static struct estp_thread *alloc_thread(struct estp_space *space)
{
	struct estp_thread *thread = kzalloc(sizeof(*thread), GFP_KERNEL_ACCOUNT);

	if (!thread)
		return NULL;
	__module_get(THIS_MODULE);	/* the caller has one, or is attached */
	refcount_inc(&space->refs);
	thread->space = space;
	thread->expected.pc = ESTP_NO_PC;
	thread->left.pc = ESTP_NO_PC;
	refcount_set(&thread->refs, 1);
	preempt_notifier_init(&thread->notifier, (struct preempt_ops *)&estp_preempt_ops);
	init_task_work(&thread->due_work, estp_preempt_work);
	init_task_work(&thread->admin_work, admin_work);
	return thread;
}

void estp_thread_put(struct estp_thread *thread)
{
	struct estp_space *space = thread->space;

	if (!refcount_dec_and_test(&thread->refs))
		return;
	/* Exec and exit leave in a tracepoint, preemption off: there kfree() may not sleep. */
	if (IS_ENABLED(CONFIG_PREEMPT_RT))
		kfree_rcu(thread, rcu);
	else
		kfree(thread);
	estp_space_put(space);
	module_put(THIS_MODULE);
}

/* threads_lock held. */
static void list_thread(struct estp_thread *thread, struct task_struct *task,
			enum estp_thread_state state)
{
	thread->task = task;
	thread->state = state;
	hash_add(by_task, &thread->by_task, (unsigned long)task);
	list_add(&thread->in_space, &thread->space->threads);
}

/* threads_lock held. */
static void unlist_thread(struct estp_thread *thread)
{
	thread->state = ESTP_THREAD_GOING;
	hash_del(&thread->by_task);
	list_del_init(&thread->in_space);
}

/* threads_lock held: have the task run admin_work before its next user instruction. */
static bool queue_admin(struct estp_thread *thread)
{
	refcount_inc(&thread->refs);
	if (!task_work_add(thread->task, &thread->admin_work, ESTP_TWA_RESUME_ATOMIC))
		return true;
	/* Exiting: it runs no user instruction any more. */
	refcount_dec(&thread->refs);
	return false;
}

/* In the task itself, on its way to user space or out: attach, or detach. */
static void admin_work(struct callback_head *work)
{
	struct estp_thread *thread = container_of(work, struct estp_thread, admin_work);
	bool attach = false, unlisted = false;

	raw_spin_lock_irq(&estp_threads_lock);
	if (thread->state == ESTP_THREAD_COMING) {
		attach = !thread->space->dead && current->mm == thread->space->mm;
		unlisted = !attach;	/* exec or exit came first, or the end of the space */
		if (attach)
			thread->state = ESTP_THREAD_ATTACHED;
		else
			unlist_thread(thread);
	}
	raw_spin_unlock_irq(&estp_threads_lock);

	if (attach)
		estp_preempt_attach(thread);
	else
		estp_preempt_detach(thread);
	if (unlisted)
		estp_thread_put(thread);
	estp_thread_put(thread);
}

/* ---- Tasks that exist already ------------------------------------------------------ */

struct cover {
	struct list_head spare;		/* allocated, not used yet; by in_space */
	unsigned int wanted;
	cpumask_var_t cpus;		/* where covered tasks were running */
};

/* RCU and threads_lock held. */
static void cover_task(struct estp_space *space, struct task_struct *task, struct cover *c)
{
	struct estp_thread *thread;

	if (READ_ONCE(task->mm) != space->mm || !runs_user_code(task) || find_thread(task))
		return;
	thread = list_first_entry_or_null(&c->spare, struct estp_thread, in_space);
	if (!thread) {
		c->wanted++;
		return;
	}
	list_del(&thread->in_space);
	list_thread(thread, task, ESTP_THREAD_COMING);
	if (!queue_admin(thread)) {
		unlist_thread(thread);
		list_add(&thread->in_space, &c->spare);
		return;
	}
	/* Off its CPU it meets the work on its way back to user space. */
	if (READ_ONCE(task->on_cpu))
		cpumask_set_cpu(task_cpu(task), c->cpus);
}

static void cover_all(struct estp_space *space, struct cover *c)
{
	struct task_struct *process, *task;

	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (READ_ONCE(task->mm) != space->mm)
			continue;
		raw_spin_lock_irq(&estp_threads_lock);
		cover_task(space, task, c);
		raw_spin_unlock_irq(&estp_threads_lock);
	}
	rcu_read_unlock();
}

static void nothing(void *unused)
{
}

int estp_threads_cover(struct estp_space *space)
{
	struct cover c = { .spare = LIST_HEAD_INIT(c.spare) };
	struct estp_thread *thread, *next;
	int err = 0;

	if (!zalloc_cpumask_var(&c.cpus, GFP_KERNEL))
		return -ENOMEM;
	/* New tasks are the fork hook's: it sees the space since it was published. */
	do {
		for (; c.wanted && !err; c.wanted--) {
			thread = alloc_thread(space);
			if (thread)
				list_add(&thread->in_space, &c.spare);
			else
				err = -ENOMEM;
			cond_resched();
		}
		c.wanted = 0;
		if (!err)
			cover_all(space, &c);
	} while (c.wanted && !err);

	list_for_each_entry_safe(thread, next, &c.spare, in_space) {
		list_del_init(&thread->in_space);
		estp_thread_put(thread);
	}
	/* When this returns, whoever was in user space has been in the kernel since. */
	preempt_disable();
	smp_call_function_many(c.cpus, nothing, NULL, true);
	preempt_enable();
	free_cpumask_var(c.cpus);
	return err;
}

#define RELEASE_NR	32	/* threads under one hold of threads_lock */

static bool release_some(struct estp_space *space)
{
	struct estp_thread *thread, *next;
	LIST_HEAD(unlisted);
	int nr = RELEASE_NR;

	raw_spin_lock_irq(&estp_threads_lock);
	list_for_each_entry_safe(thread, next, &space->threads, in_space) {
		if (!nr--)
			break;
		/* Its work is queued, finds the space dead, and unlists it. */
		if (thread->state == ESTP_THREAD_COMING) {
			list_del_init(&thread->in_space);
			continue;
		}
		/* One that takes no work is exiting, and detaches itself there. */
		queue_admin(thread);
		unlist_thread(thread);
		list_add(&thread->in_space, &unlisted);
	}
	raw_spin_unlock_irq(&estp_threads_lock);

	list_for_each_entry_safe(thread, next, &unlisted, in_space) {
		list_del_init(&thread->in_space);
		estp_thread_put(thread);
	}
	return nr < 0;
}

void estp_threads_release(struct estp_space *space)
{
	while (release_some(space))
		cond_resched();
}

/* ---- Fork -------------------------------------------------------------------------------- */

static bool doomed_of(struct estp_thread *thread, struct mm_struct *mm, bool set)
{
	if (set)
		thread->doomed = mm;
	return thread->doomed == mm;
}

/*
 * threads_lock held: is any of current's so, or are they from here on?  Of a space that has been taken
 * down since it entered the kernel, too: it is attached to that still, or has its work before it.
 */
static bool doomed(struct mm_struct *mm, bool set)
{
	struct preempt_notifier *notifier;
	struct estp_thread *thread;
	bool any = false;

	hlist_for_each_entry(notifier, &current->preempt_notifiers, link)
		if (notifier->ops == &estp_preempt_ops)
			any |= doomed_of(container_of(notifier, struct estp_thread, notifier), mm, set);
	hash_for_each_possible(by_task, thread, by_task, (unsigned long)current)
		if (thread->task == current)
			any |= doomed_of(thread, mm, set);
	return any;
}

void estp_thread_doom(struct mm_struct *mm)
{
	bool any;

	raw_spin_lock_irq(&estp_threads_lock);
	any = doomed(mm, true);
	raw_spin_unlock_irq(&estp_threads_lock);
	/* Cannot be: all threads of a published space are covered.  Be safe all the same. */
	if (!any && mm)
		send_sig(SIGKILL, current, 1);
}

static bool is_doomed(const struct task_struct *task)
{
	bool is;

	raw_spin_lock_irq(&estp_threads_lock);
	is = doomed(task->mm, false);
	raw_spin_unlock_irq(&estp_threads_lock);
	return is;
}

/*
 * @task has all its parts and has not run.  Where there is no memory for what it needs
 * it dies before its first instruction: better than unprotected.
 */
void estp_fork_thread(struct task_struct *task, unsigned long clone_flags)
{
	struct estp_thread *thread;
	struct estp_space *space;

	/* Pairs with estp_space_publish(): it sees the task, or we the space. */
	smp_mb();
	if (likely(!estp_spaces_exist()) || !task->mm || !runs_user_code(task))
		return;
	space = estp_space_get(task->mm);
	if (!space) {
		if (is_doomed(task))
			send_sig(SIGKILL, task, 1);
		return;
	}
	/* Else it is being unloaded: nobody is attached any more. */
	if (!try_module_get(THIS_MODULE)) {
		estp_space_put(space);
		return;
	}

	thread = alloc_thread(space);
	if (!thread && !READ_ONCE(space->dead))
		send_sig(SIGKILL, task, 1);
	raw_spin_lock_irq(&estp_threads_lock);
	if (thread && !space->dead && !find_thread(task)) {
		list_thread(thread, task, ESTP_THREAD_ATTACHED);
		refcount_inc(&thread->refs);
		hlist_add_head(&thread->notifier.link, &task->preempt_notifiers);
		thread = NULL;
	}
	raw_spin_unlock_irq(&estp_threads_lock);
	if (thread)
		estp_thread_put(thread);
	estp_space_put(space);
	module_put(THIS_MODULE);
}

/* ---- Exec and exit: current leaves the address space ----------------------------------------- */

/* Context: a tracepoint in current; preemption is off. */
void estp_thread_leave(void)
{
	struct preempt_notifier *notifier;
	struct hlist_node *next;

	hlist_for_each_entry_safe(notifier, next, &current->preempt_notifiers, link) {
		struct estp_thread *thread = container_of(notifier, struct estp_thread, notifier);
		unsigned long flags;
		bool unlisted;

		if (notifier->ops != &estp_preempt_ops)
			continue;
		raw_spin_lock_irqsave(&estp_threads_lock, flags);
		unlisted = thread->state != ESTP_THREAD_GOING;
		if (unlisted)
			unlist_thread(thread);
		raw_spin_unlock_irqrestore(&estp_threads_lock, flags);
		if (READ_ONCE(thread->space->of->released))
			estp_space_reap(thread->space);
		if (unlisted)
			estp_thread_put(thread);
		estp_preempt_detach(thread);
	}
}
