// SPDX-License-Identifier: GPL-2.0-only
/*
 * planted - for tests: one bug of each kind, so that a debugging kernel's silence about
 * estp.ko means something
 *
 *   bug=use-after-free | double-free | page-twice | beyond | beyond-stack | beyond-global |
 *       beyond-vmalloc | sleep-in-atomic | this-cpu | lock-order | lock-in-timer | lock-unknown | leak |
 *       shift | bounds | bool | rcu | rcu-list | rcu-twice | object | work | list | lockup | hang |
 *       race | race-with-interrupt
 *
 * The bug happens while the module is being loaded. Lockdep says nothing any more after
 * its first report, KCSAN is a kernel of its own: one bug a boot.
 */
#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/hrtimer.h>
#include <linux/kthread.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/rculist.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/timer.h>
#include <linux/vmalloc.h>
#include <linux/workqueue.h>

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

static void double_free(void)
{
	place = kzalloc(64, GFP_KERNEL);
	kfree(place);
	kfree(place);
}

static void page_twice(void)
{
	struct page *page = alloc_page(GFP_KERNEL);

	if (!page)
		return;
	put_page(page);
	put_page(page);
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

static u32 words_of_all[8];

static void beyond_global(void)
{
	sink = *past(words_of_all, 8);
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

/* Preemptible, it may be another one's before this returns. */
static void this_cpu(void)
{
	sink = smp_processor_id();
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

static struct timer_list timer;

static void in_timer(struct timer_list *unused)
{
	spin_lock(&spin);
	spin_unlock(&spin);
}

/* A timer on the same CPU would wait for it for ever. */
static void lock_in_timer(void)
{
	timer_setup(&timer, in_timer, 0);
	mod_timer(&timer, jiffies + 1);
	msleep(100);
	timer_delete_sync(&timer);
	spin_lock(&spin);
	spin_unlock(&spin);
}

/* Never initialised. */
static void lock_unknown(void)
{
	spinlock_t *lock = kzalloc(sizeof(*lock), GFP_KERNEL);

	if (!lock)
		return;
	spin_lock(lock);
	spin_unlock(lock);
	kfree(lock);
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

static u32 few[4];
static volatile int fifth = 4;

static void bounds(void)
{
	sink = few[fifth];
}

static void neither(void)
{
	union {
		u8 byte;
		bool truth;
	} volatile value = { .byte = amount };

	sink = value.truth;
}

static u32 __rcu *protected;

/* Outside of any reader's section. */
static void rcu(void)
{
	sink = !rcu_dereference(protected);
}

struct listed {
	struct list_head node;
	struct rcu_head rcu;
};

/* Gone through outside of any reader's section. */
static void rcu_list(void)
{
	struct listed one, *each;
	LIST_HEAD(head);

	list_add_rcu(&one.node, &head);
	list_for_each_entry_rcu(each, &head, node)
		sink++;
}

static void freed(struct rcu_head *unused)
{
}

static void rcu_twice(void)
{
	static struct listed one;

	call_rcu(&one.rcu, freed);
	call_rcu(&one.rcu, freed);
	rcu_barrier();
}

static void never(struct timer_list *unused)
{
}

/* Made anew while it runs. */
static void object(void)
{
	timer_setup(&timer, never, 0);
	mod_timer(&timer, jiffies + 1000 * HZ);
	timer_setup(&timer, never, 0);
}

static void slow(struct work_struct *unused)
{
	msleep(200);
}

/* Made anew while it waits for its turn. */
static void work(void)
{
	struct workqueue_struct *queue = alloc_ordered_workqueue("planted", 0);
	static struct work_struct first, second;

	if (!queue)
		return;
	INIT_WORK(&first, slow);
	INIT_WORK(&second, slow);
	queue_work(queue, &first);
	queue_work(queue, &second);
	INIT_WORK(&second, slow);
	msleep(1000);
	destroy_workqueue(queue);
}

static void list(void)
{
	struct list_head node;
	LIST_HEAD(head);

	list_add(&node, &head);
	list_del(&node);
	list_del(&node);
}

#define LONGER_THAN_ANY_WATCHDOG_MS 120000

static void lockup(void)
{
	unsigned long end = jiffies + msecs_to_jiffies(LONGER_THAN_ANY_WATCHDOG_MS);

	preempt_disable();
	while (time_before(jiffies, end))
		cpu_relax();
	preempt_enable();
}

static void hang(void)
{
	set_current_state(TASK_UNINTERRUPTIBLE);
	schedule_timeout(msecs_to_jiffies(LONGER_THAN_ANY_WATCHDOG_MS));
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

static enum hrtimer_restart racing_tick(struct hrtimer *tick)
{
	shared_word++;
	hrtimer_forward_now(tick, ns_to_ktime(500 * NSEC_PER_USEC));
	return HRTIMER_RESTART;
}

/* With an interrupt of the same CPU. */
static void race_with_interrupt(void)
{
	unsigned long end = jiffies + 4 * HZ;
	struct hrtimer tick;

	hrtimer_init_on_stack(&tick, CLOCK_MONOTONIC, HRTIMER_MODE_REL_PINNED_HARD);
	tick.function = racing_tick;
	migrate_disable();
	hrtimer_start(&tick, ns_to_ktime(500 * NSEC_PER_USEC), HRTIMER_MODE_REL_PINNED_HARD);
	while (time_before(jiffies, end)) {
		shared_word++;
		cond_resched();
	}
	hrtimer_cancel(&tick);
	migrate_enable();
	destroy_hrtimer_on_stack(&tick);
}

static const struct {
	const char *name;
	void (*commit)(void);
} bugs[] = {
	{ "use-after-free", use_after_free },
	{ "double-free", double_free },
	{ "page-twice", page_twice },
	{ "beyond", beyond },
	{ "beyond-stack", beyond_stack },
	{ "beyond-global", beyond_global },
	{ "beyond-vmalloc", beyond_vmalloc },
	{ "object", object },
	{ "work", work },
	{ "sleep-in-atomic", sleep_in_atomic },
	{ "this-cpu", this_cpu },
	{ "lock-order", lock_order },
	{ "lock-in-timer", lock_in_timer },
	{ "lock-unknown", lock_unknown },
	{ "leak", leak },
	{ "shift", shift },
	{ "bounds", bounds },
	{ "bool", neither },
	{ "rcu", rcu },
	{ "rcu-list", rcu_list },
	{ "rcu-twice", rcu_twice },
	{ "list", list },
	{ "lockup", lockup },
	{ "hang", hang },
	{ "race", race },
	{ "race-with-interrupt", race_with_interrupt },
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
