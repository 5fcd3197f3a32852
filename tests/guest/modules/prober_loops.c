// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that fault without pause, one on each CPU.
 */
#include <linux/kthread.h>
#include <linux/sched.h>

#include "prober.h"

#define LOOPS_MAX	8

static struct loop {
	struct task_struct *task;
	u64 rounds, wrong;
} loops[LOOPS_MAX];

static int loop_run(void *data)
{
	struct loop *l = data;
	u8 bytes[128];
	u64 value;

	while (!kthread_should_stop()) {
		u32 wrong = 0;

		wrong += own_probe((void *)places.hole) != -EFAULT;
		wrong += own_probe((void *)places.data) != KRN_BYTE(0);
		wrong += estp_fetch64((void *)places.hole, &value) != -EFAULT || value;
		wrong += estp_fetch64((void *)places.data, &value) || !value;
		wrong += estp_copy_from(bytes, (void *)places.edge, sizeof(bytes)) != 64;
		WRITE_ONCE(l->wrong, l->wrong + wrong);
		WRITE_ONCE(l->rounds, l->rounds + 1);
		cond_resched();
	}
	return 0;
}

int loops_begin(void)
{
	int i, cpu;

	i = 0;
	for_each_online_cpu(cpu) {
		struct loop *l = &loops[i];
		struct task_struct *task;

		if (i == LOOPS_MAX)
			break;
		if (l->task)
			return -EBUSY;
		task = kthread_create(loop_run, l, "prober-%d", cpu);
		if (IS_ERR(task)) {
			loops_end();
			return PTR_ERR(task);
		}
		kthread_bind(task, cpu);
		*l = (struct loop) { .task = task };
		wake_up_process(task);
		i++;
	}
	return 0;
}

void loops_count(struct krn_loops *sum)
{
	int i;

	*sum = (struct krn_loops) {};
	for (i = 0; i < LOOPS_MAX && loops[i].task; i++) {
		sum->rounds += READ_ONCE(loops[i].rounds);
		sum->wrong += READ_ONCE(loops[i].wrong);
		sum->threads++;
	}
}

void loops_end(void)
{
	int i;

	for (i = 0; i < LOOPS_MAX && loops[i].task; i++) {
		kthread_stop(loops[i].task);
		loops[i].task = NULL;
	}
}
