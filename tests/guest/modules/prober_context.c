// SPDX-License-Identifier: GPL-2.0-only
/*
 * Calls of the accessors, each in one context, and what the kernel would have done without.
 *
 * The twin is a page that is not registered.  A kprobe at the function by which the kernel
 * dies, for x86's #GP the chain that is asked before, sees it come to that, counts, and
 * leads it on as a response would have: so the guest lives to tell.
 */
#include <linux/delay.h>
#include <linux/interrupt.h>
#include <linux/irq_work.h>
#include <linux/kdebug.h>
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

/* ---- One call ---------------------------------------------------------------------------- */

static u32 twins_died;

static long kernel_call(struct krn_call *c)
{
	void *p = (void *)c->address;
	u32 v32;
	u16 v16;
	u8 v8;
	long err;

	switch (c->op) {
	case KRN_FETCH8:
		err = estp_fetch8(p, &v8);
		c->value = v8;
		return err;
	case KRN_FETCH16:
		err = estp_fetch16(p, &v16);
		c->value = v16;
		return err;
	case KRN_FETCH32:
		err = estp_fetch32(p, &v32);
		c->value = v32;
		return err;
	case KRN_FETCH64:
		return estp_fetch64(p, &c->value);
	case KRN_STORE8:
		return estp_store8(p, c->value);
	case KRN_STORE16:
		return estp_store16(p, c->value);
	case KRN_STORE32:
		return estp_store32(p, c->value);
	case KRN_STORE64:
		return estp_store64(p, c->value);
	case KRN_COPY_FROM:
		return estp_copy_from(c->bytes, p, c->len);
	case KRN_COPY_TO:
		return estp_copy_to(p, c->bytes, c->len);
	case KRN_STRNCPY_FROM:
		return estp_strncpy_from(c->bytes, p, c->len);
	case KRN_OWN:
		return own_probe(p);
	case KRN_TWIN:
		return twin_probe(p);
	case KRN_NOFAULT:
		return copy_from_kernel_nofault(c->bytes, p, c->len);
	}
	return -ENOTTY;
}

static long user_call(struct krn_call *c)
{
	void __user *p = (void __user *)c->address;
	u32 v32;
	u16 v16;
	u8 v8;
	long err;

	switch (c->op & ~KRN_USER) {
	case KRN_FETCH8:
		err = estp_fetch8_user(p, &v8);
		c->value = v8;
		return err;
	case KRN_FETCH16:
		err = estp_fetch16_user(p, &v16);
		c->value = v16;
		return err;
	case KRN_FETCH32:
		err = estp_fetch32_user(p, &v32);
		c->value = v32;
		return err;
	case KRN_FETCH64:
		return estp_fetch64_user(p, &c->value);
	case KRN_STORE8:
		return estp_store8_user(p, c->value);
	case KRN_STORE16:
		return estp_store16_user(p, c->value);
	case KRN_STORE32:
		return estp_store32_user(p, c->value);
	case KRN_STORE64:
		return estp_store64_user(p, c->value);
	case KRN_COPY_FROM:
		return estp_copy_from_user(c->bytes, p, c->len);
	case KRN_COPY_TO:
		return estp_copy_to_user(p, c->bytes, c->len);
	case KRN_STRNCPY_FROM:
		return estp_strncpy_from_user(c->bytes, p, c->len);
	}
	return -ENOTTY;
}

static bool let_through(void)
{
#ifdef CONFIG_X86_64
	return native_save_fl() & X86_EFLAGS_AC;
#else
	return system_uses_hw_pan() && !(read_sysreg_s(SYS_PSTATE_PAN));
#endif
}

static void do_call(struct krn_call *c)
{
	u32 before = twins_died;

	c->result = c->op & KRN_USER ? user_call(c) : kernel_call(c);
	c->let_through = let_through();
	c->died = twins_died - before;
}

/* ---- Where the kernel would have died ------------------------------------------------------ */

static bool is_twins(struct pt_regs *regs)
{
	unsigned long pc = instruction_pointer(regs);

	if (pc < (unsigned long)twin_start || pc >= (unsigned long)twin_end)
		return false;
	twins_died++;
	instruction_pointer_set(regs, (unsigned long)twin_response);
	return true;
}

#ifdef CONFIG_X86_64
#define DIES		"page_fault_oops"
#else
#define DIES		"efi_runtime_fixup_exception"	/* the last that is asked before */
#endif

/* Run in the place of that function, of which regs are the first argument: all is well. */
static noinline bool lives(void)
{
	asm volatile("" : : : "memory");
	return true;
}

static int on_death(struct kprobe *kp, struct pt_regs *regs)
{
	if (!is_twins((struct pt_regs *)regs_get_kernel_argument(regs, 0)))
		return 0;
	instruction_pointer_set(regs, (unsigned long)lives);
	return 1;
}

static struct kprobe death = { .symbol_name = DIES, .pre_handler = on_death };

static int on_die(struct notifier_block *block, unsigned long what, void *data)
{
#ifdef CONFIG_X86_64
	struct die_args *args = data;

	if (what == DIE_GPF && is_twins(args->regs))
		return NOTIFY_STOP;
#endif
	return NOTIFY_DONE;
}

static struct notifier_block dying = { .notifier_call = on_die };

/* ---- Contexts ------------------------------------------------------------------------------- */

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
 * The kernel's own access, which asks nobody, shows whose memory it is.
 */
static void on_switch(void)
{
	struct krn_call *c = READ_ONCE(pending);
	unsigned long left;
	u64 seen;

	if (!c || c->context != KRN_SWITCHED || current != caller)
		return;
	pagefault_disable();
	left = __copy_from_user_inatomic(&seen, (void __user *)c->address, sizeof(seen));
	pagefault_enable();
	/* Not the other process: it has the complement of what is ours there. */
	if (left || seen != ~c->seen)
		return;
	c->seen = seen;
	take(true);
}

#ifdef CONFIG_X86_64
static void on_tlb_flush(void *data, int reason, unsigned long pages)
{
	on_switch();
}

static void find_tlb_flush(struct tracepoint *tp, void *found)
{
	if (!strcmp(tp->name, "tlb_flush"))
		*(struct tracepoint **)found = tp;
}

static struct tracepoint *tlb_flush;

static int watch_switches(void)
{
	for_each_kernel_tracepoint(find_tlb_flush, &tlb_flush);
	return tlb_flush ? tracepoint_probe_register(tlb_flush, on_tlb_flush, NULL) : -ENOENT;
}

static void unwatch_switches(void)
{
	tracepoint_probe_unregister(tlb_flush, on_tlb_flush, NULL);
	tracepoint_synchronize_unregister();
}
#else
static int on_thread_switch(struct kprobe *kp, struct pt_regs *regs)
{
	on_switch();
	return 0;
}

static struct kprobe at_thread_switch = {
	.symbol_name = "fpsimd_thread_switch", .pre_handler = on_thread_switch,
};

static int watch_switches(void)
{
	at_thread_switch.addr = NULL;
	at_thread_switch.flags = 0;
	return register_kprobe(&at_thread_switch);
}

static void unwatch_switches(void)
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
	err = watch_switches();
	if (err)
		return err;
	WRITE_ONCE(pending, c);
	while (smp_load_acquire(&pending) && time_before(jiffies, end))
		usleep_range(50, 100);
	unwatch_switches();
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

	err = register_kprobe(&death);
	if (err)
		return err;
	err = register_die_notifier(&dying);
	if (err)
		goto no_die;
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
	unregister_die_notifier(&dying);
no_die:
	unregister_kprobe(&death);
	return err;
}

void contexts_end(void)
{
	nmi_end();
	unregister_kprobe(&at_insn);
	unregister_kprobe(&at_function);
	unregister_die_notifier(&dying);
	unregister_kprobe(&death);
	tasklet_kill(&softirq);
}

/* ---- Threads that fault without pause --------------------------------------------------------- */

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
