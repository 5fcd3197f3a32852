// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fence: whoever was inside a PREEMPTION span is out of it.
 *
 *   off its CPU     sched_out has seen it leave, and has its diversion due; or sched_in will,
 *                   if it was registered meanwhile
 *   on a CPU        that CPU's estp_running says so: it is interrupted, and its thread
 *                   marked as if preempted; the task work runs on the interrupt's return
 *
 * A CPU that the loop sees without the space, and that gets one of its threads just
 * then, passes the barrier of sched_in() after our first one: what the caller stored before
 * the call, that thread sees.
 *
 * Where the address space has one user, that is the caller, and there is nobody to interrupt.
 */
#include <linux/cpumask.h>
#include <linux/smp.h>

#include "estp.h"

static bool runs_here(int cpu, void *space)
{
	return READ_ONCE(per_cpu(estp_running, cpu)) == space;
}

/* On a CPU that runs the space, irqs off.  The interrupt is the barrier. */
static void fence_here(void *space)
{
	struct estp_thread *thread = estp_current();

	smp_mb();
	if (thread && thread->space == space)
		estp_preempt_mark(thread);
}

int estp_fence(unsigned long cpu_plus_one)
{
	const struct cpumask *cpus = cpu_online_mask;
	struct estp_thread *self;
	struct estp_space *space;

	if (cpu_plus_one > nr_cpu_ids ||
	    (cpu_plus_one && !cpu_possible(cpu_plus_one - 1)))
		return -EINVAL;
	if (cpu_plus_one)
		cpus = cpumask_of(cpu_plus_one - 1);

	smp_mb();
	/* Whose threads are covered is attached itself, and holds its space. */
	self = estp_current();
	if (!self)
		return 0;
	space = self->space;
	if (atomic_read(&current->mm->mm_users) != 1)
		on_each_cpu_cond_mask(runs_here, fence_here, space, true, cpus);
	atomic64_inc(&space->fences);
	smp_mb();
	return 0;
}
