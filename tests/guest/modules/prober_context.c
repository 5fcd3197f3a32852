// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where calls are made: each context that an accessor may be called from, and some that it may not.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kprobes.h>
#include <linux/kthread.h>
#include <linux/mm.h>
#include <linux/sched/mm.h>
#include <linux/tracepoint.h>
#include <linux/uaccess.h>
#ifdef CONFIG_X86_64
#include <asm/apic.h>
#include <asm/nmi.h>
#endif

#include "prober.h"

/* What interrupt handlers and kprobes are to do; set by one task at a time. */
static struct krn_call *pending;
static struct task_struct *caller;

static void take(bool in_context)
{
	struct krn_call *c = READ_ONCE(pending);

	if (!c)
		return;
	c->in_context = in_context;
	do_call(c);
	smp_store_release(&pending, NULL);
}

static void wait_taken(void)
{
	while (smp_load_acquire(&pending))
		cpu_relax();
}

static void on_softirq(struct tasklet_struct *t)
{
	/* ksoftirqd has no user space. */
	if (current == caller)
		take(in_serving_softirq());
}

static DECLARE_TASKLET(softirq, on_softirq);

static void on_hardirq(struct irq_work *work)
{
	take(in_hardirq() && irqs_disabled() && current == caller);
}

static struct irq_work hardirq = IRQ_WORK_INIT_HARD(on_hardirq);

static noinline void probed(void)
{
	asm volatile("" : : : "memory");
}

static int on_probed(struct kprobe *kp, struct pt_regs *regs)
{
	take(current == caller);
	return 0;
}

static u32 spans_hit;

static int on_span(struct kprobe *kp, struct pt_regs *regs)
{
	spans_hit++;
	return 0;
}

static struct kprobe at_function = {
	.addr = (kprobe_opcode_t *)probed, .pre_handler = on_probed,
};

static struct kprobe at_insn = {
	.addr = (kprobe_opcode_t *)probed_insn, .pre_handler = on_probed,
};

#ifdef CONFIG_X86_64
static int on_nmi(unsigned int what, struct pt_regs *regs)
{
	if (!READ_ONCE(pending) || current != caller)
		return NMI_DONE;
	take(in_nmi());
	return NMI_HANDLED;
}

static int call_in_nmi(void)
{
	u64 end = ktime_get_mono_fast_ns() + NSEC_PER_SEC;

	preempt_disable();
	apic->send_IPI(smp_processor_id(), NMI_VECTOR);
	while (smp_load_acquire(&pending) && ktime_get_mono_fast_ns() < end)
		cpu_relax();
	preempt_enable();
	return 0;
}

static int nmi_begin(void)
{
	return register_nmi_handler(NMI_LOCAL, on_nmi, 0, "prober");
}

static void nmi_end(void)
{
	unregister_nmi_handler(NMI_LOCAL, "prober");
}
#else
static int call_in_nmi(void)
{
	return -EOPNOTSUPP;
}

static int nmi_begin(void)
{
	return 0;
}

static void nmi_end(void)
{
}
#endif

/*
 * Hold mmap_lock for writing until the caller has gone to sleep in its page fault, for want
 * of it, or is through.
 */
static DECLARE_COMPLETION(held);
static bool through;

static int hold(void *data)
{
	struct krn_call *c = data;
	struct mm_struct *mm = caller->mm;
	bool waits;

	mmap_write_lock(mm);
	complete(&held);
	while (!kthread_should_stop() && !c->in_context) {
		/* In the call it waits for nothing else: TASK_KILLABLE is in there.  Behind it, it waits for us. */
		waits = READ_ONCE(caller->__state) & TASK_UNINTERRUPTIBLE;
		smp_rmb();
		c->in_context = waits && !READ_ONCE(through);
		usleep_range(100, 200);
	}
	mmap_write_unlock(mm);
	while (!kthread_should_stop())
		usleep_range(100, 200);
	return 0;
}

static int call_contended(struct krn_call *c)
{
	struct task_struct *holder;

	reinit_completion(&held);
	through = false;
	holder = kthread_run(hold, c, "prober-hold");
	if (IS_ERR(holder))
		return PTR_ERR(holder);
	wait_for_completion(&held);
	do_call(c);
	/* Before the state in which kthread_stop() waits. */
	smp_store_mb(through, true);
	kthread_stop(holder);
	return 0;
}

/*
 * x86 executes the probed instruction elsewhere, and must have a debugger's care to bring a
 * fault there back here; it takes it where it knows of an exception table.  arm64 refuses.
 */
static int call_span_probed(struct krn_call *c)
{
	struct kprobe kp = {
		.addr = (kprobe_opcode_t *)own_start, .pre_handler = on_span,
	};
	int err = register_kprobe(&kp);

	if (err == -EINVAL && IS_ENABLED(CONFIG_ARM64)) {
		c->in_context = 1;
		do_call(c);
		return 0;
	}
	if (err)
		return err;
	spans_hit = 0;
	do_call(c);
	c->in_context = spans_hit == 1;
	unregister_kprobe(&kp);
	return 0;
}

/*
 * Where tasks are switched: @value is there by the kernel's own access, which asks nobody.
 */
static void on_switch(u64 value)
{
	struct krn_call *c = pending;
	unsigned long left;
	u64 seen;

	pagefault_disable();
	left = __copy_from_user_inatomic(&seen, (void __user *)c->address, sizeof(seen));
	pagefault_enable();
	if (left || seen != value)
		return;
	c->seen = seen;
	take(true);
}

static bool awaits(u32 context)
{
	struct krn_call *c = READ_ONCE(pending);

	return c && c->context == context && current == caller;
}

/* Only where the tables are the other process's, which has the complement there of what we have. */
static void on_others(void)
{
	if (awaits(KRN_SWITCHED))
		on_switch(~pending->seen);
}

#ifdef CONFIG_X86_64
static void on_tlb_flush(void *data, int reason, unsigned long pages)
{
	on_others();
}

static void find_tlb_flush(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "tlb_flush"))
		*(struct tracepoint **)found = tp;
}

static struct tracepoint *tlb_flush;

/* To a task without memory: the tables stay.  It does nothing else for a thread of a process. */
static int on_lazy(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (awaits(KRN_LAZY))
		on_switch(pending->seen);
	return 0;
}

static struct kretprobe at_lazy = { .kp.symbol_name = "enter_lazy_tlb", .handler = on_lazy };

static int watch_switches(u32 context)
{
	if (context == KRN_LAZY) {
		at_lazy.kp.addr = NULL;
		at_lazy.kp.flags = 0;
		return register_kretprobe(&at_lazy);
	}
	for_each_kernel_tracepoint(find_tlb_flush, &tlb_flush);
	return tlb_flush ? tracepoint_probe_register(tlb_flush, on_tlb_flush, NULL) : -ENOENT;
}

static void unwatch_switches(u32 context)
{
	if (context == KRN_LAZY) {
		unregister_kretprobe(&at_lazy);
		return;
	}
	tracepoint_probe_unregister(tlb_flush, on_tlb_flush, NULL);
	tracepoint_synchronize_unregister();
}
#else
static int on_thread_switch(struct kprobe *kp, struct pt_regs *regs)
{
	on_others();
	return 0;
}

static struct kprobe at_thread_switch = {
	.symbol_name = "fpsimd_thread_switch", .pre_handler = on_thread_switch,
};

static int watch_switches(u32 context)
{
	if (context == KRN_LAZY)
		return -EOPNOTSUPP;
	at_thread_switch.addr = NULL;
	at_thread_switch.flags = 0;
	return register_kprobe(&at_thread_switch);
}

static void unwatch_switches(u32 context)
{
	unregister_kprobe(&at_thread_switch);
}
#endif

static int call_switched(struct krn_call *c)
{
	unsigned long end = jiffies + 10 * HZ;
	int err;

	if (get_user(c->seen, (u64 __user *)c->address))
		return -EFAULT;
	err = watch_switches(c->context);
	if (err)
		return err;
	WRITE_ONCE(pending, c);
	while (smp_load_acquire(&pending) && time_before(jiffies, end))
		usleep_range(50, 100);
	unwatch_switches(c->context);
	WRITE_ONCE(pending, NULL);
	return 0;
}

int call_in_context(struct krn_call *c)
{
	unsigned long flags;
	int err = 0;

	c->in_context = 0;
	caller = current;
	switch (c->context) {
	case KRN_PROCESS:
		c->in_context = preemptible() || !IS_ENABLED(CONFIG_PREEMPT_COUNT);
		do_call(c);
		return 0;
	case KRN_PAGEFAULTS_OFF:
		pagefault_disable();
		c->in_context = pagefault_disabled();
		do_call(c);
		pagefault_enable();
		return 0;
	case KRN_IRQS_OFF:
		local_irq_save(flags);
		c->in_context = irqs_disabled();
		do_call(c);
		local_irq_restore(flags);
		return 0;
	case KRN_RCU:
		/* Where nobody counts readers, they have to say it (KRN-12). */
		if (!IS_ENABLED(CONFIG_PREEMPT_RCU))
			pagefault_disable();
		rcu_read_lock();
		c->in_context = 1;
		do_call(c);
		rcu_read_unlock();
		if (!IS_ENABLED(CONFIG_PREEMPT_RCU))
			pagefault_enable();
		return 0;
	case KRN_SPAN_PROBED:
		return call_span_probed(c);
	case KRN_CONTENDED:
		return call_contended(c);
	case KRN_SWITCHED:
	case KRN_LAZY:
		return call_switched(c);
	}

	WRITE_ONCE(pending, c);
	switch (c->context) {
	case KRN_SOFTIRQ:
		/* Run by whoever lets softirqs in again, unless ksoftirqd is at it already. */
		while (smp_load_acquire(&pending)) {
			local_bh_disable();
			tasklet_schedule(&softirq);
			local_bh_enable();
			tasklet_unlock_wait(&softirq);
			cond_resched();
		}
		break;
	case KRN_HARDIRQ:
		preempt_disable();
		irq_work_queue(&hardirq);
		wait_taken();
		preempt_enable();
		irq_work_sync(&hardirq);
		break;
	case KRN_KPROBE:
		probed();
		break;
	case KRN_BREAKPOINT:
		probed_insn();
		break;
	case KRN_NMI:
		err = call_in_nmi();
		break;
	default:
		err = -ENOTTY;
	}
	/* A probe that was not hit has not called: in_context says so. */
	WRITE_ONCE(pending, NULL);
	return err;
}

int contexts_begin(void)
{
	int err;

	err = deaths_begin();
	if (err)
		return err;
	err = register_kprobe(&at_function);
	if (err)
		goto no_function;
	err = register_kprobe(&at_insn);
	if (err)
		goto no_insn;
	err = nmi_begin();
	if (!err)
		return 0;
	unregister_kprobe(&at_insn);
no_insn:
	unregister_kprobe(&at_function);
no_function:
	deaths_end();
	return err;
}

void contexts_end(void)
{
	nmi_end();
	unregister_kprobe(&at_insn);
	unregister_kprobe(&at_function);
	deaths_end();
	tasklet_kill(&softirq);
}
