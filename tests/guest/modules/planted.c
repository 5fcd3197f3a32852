// SPDX-License-Identifier: GPL-2.0-only
/*
 * planted - for tests: one bug of each kind, so that a debugging kernel's silence about
 * estp.ko means something
 *
 *   bug=use-after-free | beyond | beyond-stack | beyond-vmalloc | sleep-in-atomic | lock-order |
 *       leak | shift | rcu | object | race
 *
 * The bug happens while the module is being loaded. Lockdep says nothing any more after
 * its first report, KCSAN is a kernel of its own: one bug a boot.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>

static char *bug;
module_param(bug, charp, 0400);

static u32 *volatile place;
static volatile int amount = 40;
static volatile u32 sink;

static void use_after_free(void)
{
	place = kzalloc(64, GFP_KERNEL);
	if (!place)
		return;
	kfree(place);
	sink = *place;
}

static volatile u32 *past(void *words, unsigned long nr)
{
	OPTIMIZER_HIDE_VAR(words);
	return (u32 *)words + nr;
}

static void beyond(void)
{
	u32 *words = kzalloc(64, GFP_KERNEL);

	if (words)
		sink = *past(words, 16);
	kfree(words);
}

static noinline void beyond_stack(void)
{
	u32 words[8] = { 0 };

	sink = *past(words, 8);
}

static void beyond_vmalloc(void)
{
	u32 *words = vmalloc(64);

	if (words)
		sink = *past(words, 16);
	vfree(words);
}

static DEFINE_SPINLOCK(spin);

static void sleep_in_atomic(void)
{
	spin_lock(&spin);
	msleep(1);
	spin_unlock(&spin);
}

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(two);

static void lock_order(void)
{
	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);
	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
}

static noinline void leak(void)
{
	int i;

	/* A stale copy of one pointer on a stack would hide it; not of all. */
	for (i = 0; i < 16; i++)
		*(u32 *)kzalloc(96, GFP_KERNEL) = 1;
}

static void shift(void)
{
	sink = 1u << amount;
}

static u32 __rcu *protected;

/* Outside of any reader's section. */
static void rcu(void)
{
	sink = !rcu_dereference(protected);
}

static void never(struct timer_list *unused)
{
}

static struct timer_list timer;

/* Made anew while it runs. */
static void object(void)
{
	timer_setup(&timer, never, 0);
	mod_timer(&timer, jiffies + 1000 * HZ);
	timer_setup(&timer, never, 0);
}

static u64 shared_word;

static int racer(void *arg)
{
	while (!kthread_should_stop()) {
		shared_word++;
		cond_resched();
	}
	return 0;
}

static void race(void)
{
	struct task_struct *task[2];
	int i;

	for (i = 0; i < 2; i++) {
		task[i] = kthread_create(racer, NULL, "planted/%d", i);
		if (IS_ERR(task[i]))
			return;
		kthread_bind(task[i], i);
		wake_up_process(task[i]);
	}
	msleep(4000);
	for (i = 0; i < 2; i++)
		kthread_stop(task[i]);
}

static const struct {
	const char *name;
	void (*commit)(void);
} bugs[] = {
	{ "use-after-free", use_after_free },
	{ "beyond", beyond },
	{ "beyond-stack", beyond_stack },
	{ "beyond-vmalloc", beyond_vmalloc },
	{ "object", object },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "lock-order", lock_order },
	{ "leak", leak },
	{ "shift", shift },
	{ "rcu", rcu },
	{ "race", race },
};

static int __init planted_init(void)
{
	int i;

	for (i = 0; bug && i < ARRAY_SIZE(bugs); i++) {
		if (!strcmp(bug, bugs[i].name)) {
			bugs[i].commit();
			return 0;
		}
	}
	return -EINVAL;
}

static void __exit planted_exit(void)
{
}

module_init(planted_init);
module_exit(planted_exit);
MODULE_DESCRIPTION("For tests of ESTP: commits one bug that a debugging kernel finds");
MODULE_LICENSE("GPL");
