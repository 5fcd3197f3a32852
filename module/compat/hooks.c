// SPDX-License-Identifier: GPL-2.0-only
/*
 * The hooks: where a stock kernel lets us in.
 *
 *   function               way        for
 *   madvise(2)'s own       call       registration; only our advice values
 *   force_sig_info_to_task call       FAULT: return at once, nothing sent
 *   unhandled_signal       call       no log line for a fault that will be diverted
 *   fixup_exception        call       faults of kernel pages (kernel.c)
 *   search_exception_tables call      ... may be waited for, and need not be fatal
 *   uprobe_dup_mmap        call       fork copies the set; may sleep
 *   uprobe_copy_process    call       a new task is covered; may sleep
 *
 *   x86_64
 *   signal_fault           look       a frame that sigreturn cannot read is no FAULT
 *   force_sigsegv          look       neither is a broken rseq area
 *
 *   arm64
 *   do_el0_bti             look       control-flow protection is no FAULT
 *   do_fpsimd_exc          divert     FAULT: FP traps do not pass force_sig_info_to_task
 *   do_sea                 call       faults of kernel pages: external aborts
 *   fpsimd_signal_preserve_current_state
 *                          call       a frame is about to be written, its pc is final
 *
 *   tracepoint             for
 *   signal_deliver         INTERRUPT, signals as PREEMPTION
 *   sched_process_exec     leave the old address space
 *   sched_process_exit     leave it for good
 *
 * "divert" sets the instruction pointer where ftrace returns to; the original is never
 * called by us, so a sealed ENDBR there does not matter.  "call" is an ftrace direct call:
 * our assembler is called first, and returns into the function or, where it diverts, lets
 * another one return to its caller.  It costs whom it does not concern 4 to 6 instructions (8 to
 * 12 on arm64), not 40, but no other direct call (a bpf fentry) can be on the same function.
 *
 * None of these functions is an interface.  All are looked for before the first is hooked;
 * those that are not there, cannot be hooked, or have copies that would not be hooked, are
 * named, and nothing is loaded.  The ops of "look" and "divert" are permanent: sysctl
 * kernel.ftrace_enabled=0 is refused rather than silently taking protection away.
 */
#include <linux/build_bug.h>
#include <linux/extable.h>
#include <linux/ftrace.h>
#include <linux/kernel.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <linux/uprobes.h>
#ifdef CONFIG_X86_64
#include <asm/sighandling.h>
#endif
#ifdef CONFIG_ARM64
#include <asm/exception.h>
#include <asm/fpsimd.h>
#endif
#include <trace/events/sched.h>
#include <trace/events/signal.h>

#include "compat.h"
#include "../estp.h"
#include "../arch/arch.h"

static char *without_hook;
module_param_unsafe(without_hook, charp, 0400);
MODULE_PARM_DESC(without_hook, "for tests: leave out the hook of this name, and its protection with it");

static char *absent_hook;
module_param_unsafe(absent_hook, charp, 0400);
MODULE_PARM_DESC(absent_hook, "for tests: as if this kernel had no function or tracepoint of this name");

/* ---- What the hooks do ---------------------------------------------------------------- */

/* arch/ knows them as one range. */
static_assert(MADV_ESTP_REGISTER == 0x4553 && MADV_ESTP_QUERY == MADV_ESTP_REGISTER + 3);

bool estp_is_our_madvise(struct pt_regs *regs)
{
	/* Not a 32-bit program's, whose numbers are others. */
	if (regs != task_pt_regs(current) || estp_arch_syscall_nr(regs) != __NR_madvise)
		return false;
	/*
	 * Being loaded or unloaded: as if it were not there.  Loading that fails after this
	 * hook is in place would ask nobody who has registered.
	 */
	return THIS_MODULE->state == MODULE_STATE_LIVE && try_module_get(THIS_MODULE);
}

/* Where a task's list of notifiers is, for assembler: an absolute symbol. */
static __used void offsets(void)
{
	asm volatile(".globl estp_task_notifiers\n\t"
		     ".set estp_task_notifiers, %c0"
		     : : "i" (offsetof(struct task_struct, preempt_notifiers)));
}

static notrace void on_signal_deliver(void *data, int sig, struct kernel_siginfo *info,
				      struct k_sigaction *ka)
{
	if (likely(!estp_arch_attached()))
		return;
	estp_signal_deliver(data, sig, info, ka);
}

static void on_exec(void *data, struct task_struct *task, pid_t old_pid,
		    struct linux_binprm *bprm)
{
	estp_thread_leave();
}

static void on_exit(void *data, struct task_struct *task)
{
	estp_thread_leave();
}

/* ---- Functions --------------------------------------------------------------------------- */

/*
 * Their shapes: the hooks read arguments, return in their place, or jump to them.  What is
 * static, force_sig_info_to_task(), no header tells of.
 */
#define SHAPE(function, ...) \
	static_assert(__same_type(function, __VA_ARGS__), #function " has another shape here")
SHAPE(unhandled_signal, bool (struct task_struct *, int));
SHAPE(uprobe_dup_mmap, void (struct mm_struct *, struct mm_struct *));
SHAPE(uprobe_copy_process, void (struct task_struct *, unsigned long));
SHAPE(search_exception_tables, const struct exception_table_entry *(unsigned long));
#ifdef CONFIG_X86_64
SHAPE(sys_call_ptr_t, long (*)(const struct pt_regs *));
SHAPE(fixup_exception, int (struct pt_regs *, int, unsigned long, unsigned long));
SHAPE(signal_fault, void (struct pt_regs *, void __user *, char *));
SHAPE(force_sigsegv, void (int));
#endif
#ifdef CONFIG_ARM64
SHAPE(syscall_fn_t, long (*)(const struct pt_regs *));
SHAPE(fixup_exception, bool (struct pt_regs *));
SHAPE(do_el0_bti, void (struct pt_regs *));
SHAPE(do_fpsimd_exc, void (unsigned long, struct pt_regs *));
SHAPE(fpsimd_signal_preserve_current_state, void (void));
#endif

enum way { DIVERT, LOOK, CALL };

struct hook {
	const char *function;
	enum way way;
	bool called_beside;			/* from its own file, once the kernel is up */
	ftrace_func_t act;			/* DIVERT, LOOK */
	void (*entry)(void);			/* CALL */
	struct ftrace_ops ops;
	bool installed;
};

static struct hook hook[] = {
	{ ESTP_ARCH_MADVISE, CALL, .entry = estp_arch_madvise_entry },
	{ "force_sig_info_to_task", CALL, true, .entry = estp_arch_force_sig_entry },
	{ "unhandled_signal", CALL, .entry = estp_arch_unhandled_entry },
	{ "fixup_exception", CALL, .entry = estp_arch_fixup_entry },
	{ "search_exception_tables", CALL, .entry = estp_arch_search_entry },
#ifdef CONFIG_X86_64
	{ "signal_fault", LOOK, true, .act = estp_on_no_fault },		/* 6.1 */
	{ "force_sigsegv", LOOK, true, .act = estp_on_no_fault },
#endif
#ifdef CONFIG_ARM64
	{ "do_el0_bti", LOOK, .act = estp_on_no_fault },
	{ "do_fpsimd_exc", DIVERT, .act = estp_on_fp_trap },
	{ "do_sea", CALL, .entry = estp_arch_abort_entry },
	/* Called first of all when a frame is written. */
	{ "fpsimd_signal_preserve_current_state", CALL, .entry = estp_arch_signal_frame_entry },
#endif
	{ "uprobe_dup_mmap", CALL, .entry = estp_arch_fork_mm_entry },
	{ "uprobe_copy_process", CALL, .entry = estp_arch_fork_thread_entry },
};

static const char *sought(const char *name)
{
	return absent_hook && !strcmp(absent_hook, name) ? "<absent>" : name;
}

/*
 * Where the functions are, a disabled kprobe tells.  ftrace could be told their names, but
 * then asks for the name of every function of the kernel, once for each of ours.
 */
static struct kprobe where[ARRAY_SIZE(hook)];

static int find_address(struct kprobe *probe, const char *name)
{
	*probe = (struct kprobe) { .symbol_name = sought(name), .flags = KPROBE_FLAG_DISABLED };
	return register_kprobe(probe);
}

/*
 * What GCC makes of a function for callers beside it in its file: these would pass by the hook.
 * Each name is one that nobody has, and before 6.2 such a search takes ten milliseconds.
 */
static bool has_copies(const char *function)
{
	static const char *const suffix[] = {
		"part.0", "constprop.0", "isra.0",
		"part.0.isra.0", "part.0.constprop.0", "constprop.0.isra.0"
	};
	char name[KSYM_NAME_LEN];
	struct kprobe probe;
	int i, err;

	for (i = 0; i < ARRAY_SIZE(suffix); i++) {
		cond_resched();
		snprintf(name, sizeof(name), "%s.%s", function, suffix[i]);
		err = find_address(&probe, name);
		if (!err)
			unregister_kprobe(&probe);
		if (err != -ENOENT)
			return true;
	}
	return false;
}

static int install_hook(struct hook *h)
{
	if (h->way == CALL)
		return estp_call_before(&h->ops, (unsigned long)h->entry);
	h->ops.func = h->act;
	/* Not FL_RECURSION: nothing that the callbacks call is hooked by us. */
	h->ops.flags |= FTRACE_OPS_FL_PERMANENT |
			(h->way == DIVERT ? FTRACE_OPS_FL_IPMODIFY : 0);
	return register_ftrace_function(&h->ops);
}

/* After a warning of its own, about whatever in the kernel, ftrace changes nothing any more. */
static bool ftrace_is_dead(const struct kprobe *traced)
{
	struct ftrace_ops unused = { };
	int err = ftrace_set_filter_ip(&unused, (unsigned long)traced->addr, 0, 1);

	ftrace_free_filter(&unused);
	return err == -ENODEV;
}

/* Who calls us goes on to call us: rather than with our memory freed, this is as far as loading or unloading gets. */
static void __noreturn stay_for_ever(const struct hook *h)
{
	pr_alert("the hook of %s cannot be taken out, ftrace has shut itself down: the module stays, and who loads or unloads it waits until the kernel is restarted\n",
		 h->function);
	for (;;) {
		/* The system may be suspended meanwhile. */
		set_current_state(TASK_IDLE | TASK_FREEZABLE);
		schedule();
	}
}

static void remove_hook(struct hook *h)
{
	int err = -ENODEV;

	if (!h->installed)
		return;
	/* Asked before: ftrace forgets where a direct call goes also where it fails to take it out. */
	if (!ftrace_is_dead(&where[h - hook]))
		err = h->way == CALL ? estp_call_no_more(&h->ops, (unsigned long)h->entry) :
				       unregister_ftrace_function(&h->ops);
	/* Also if it was this that it died of, which it does not say. */
	if (err || ftrace_is_dead(&where[h - hook]))
		stay_for_ever(h);
	h->installed = false;
}

/* ---- Tracepoints --------------------------------------------------------------------------- */

struct point {
	const char *name;
	void *probe;
	struct tracepoint *tp;
	bool installed;
};

static struct point point[] = {
	{ "signal_deliver", on_signal_deliver },
	{ "sched_process_exec", on_exec },
	{ "sched_process_exit", on_exit },
};

static void find_point(struct tracepoint *tp, void *unused)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(point); i++)
		if (!strcmp(tp->name, sought(point[i].name)))
			point[i].tp = tp;
}

static int install_point(struct point *p)
{
	return tracepoint_probe_register(p->tp, p->probe, NULL);
}

static void remove_point(struct point *p)
{
	if (p->installed)
		tracepoint_probe_unregister(p->tp, p->probe, NULL);
	p->installed = false;
}

/* ---- All of them ------------------------------------------------------------------------------ */

static bool left_out(const char *name)
{
	return without_hook && !strcmp(without_hook, name);
}

static int failed(const char *kind, const char *name, int err)
{
	const char *why = "this kernel is not one that estp knows";

	if (err == -ENOENT)
		why = "this kernel has no such thing to hook";
	else if (err == -ENOTUNIQ)
		why = "this kernel has copies of it, which would not be hooked";
	else if (err == -ENOMEM)
		why = "there is no memory";
	else if (err == -ENODEV)
		why = "ftrace has shut itself down, until the kernel is restarted";
	else if (err == -EBUSY)
		why = "somebody else has it, or kernel.ftrace_enabled is 0";
	pr_err("cannot hook %s %s (%d): %s; not loaded\n", kind, name, err, why);
	return err;
}

/* All that this kernel lacks is named, before anything of it has been changed. */
static int find_all(void)
{
	struct kprobe *probe[ARRAY_SIZE(hook)];
	int i, nr = 0, one, err = 0;

	for_each_kernel_tracepoint(find_point, NULL);
	for (i = 0; i < ARRAY_SIZE(point); i++)
		if (!left_out(point[i].name) && !point[i].tp)
			err = failed("tracepoint", point[i].name, -ENOENT);
	for (i = 0; i < ARRAY_SIZE(hook); i++) {
		if (left_out(hook[i].function))
			continue;
		one = find_address(&where[i], hook[i].function);
		if (!one) {
			probe[nr++] = &where[i];
			/* Can it be traced? */
			one = ftrace_set_filter_ip(&hook[i].ops, (unsigned long)where[i].addr, 0, 1);
		}
		if (one && one != -ENOMEM && one != -ENODEV)
			one = -ENOENT;
		if (!one && hook[i].called_beside && has_copies(hook[i].function))
			one = -ENOTUNIQ;
		if (one)
			err = failed("function", hook[i].function, one);
	}
	/* All together: they wait for a grace period. */
	unregister_kprobes(probe, nr);
	for (i = 0; err && i < ARRAY_SIZE(hook); i++)
		ftrace_free_filter(&hook[i].ops);
	return err;
}

int estp_hooks_install(void)
{
	int i, err = find_all();

	if (err)
		return err;
	/* Who leaves before who comes: a task is never covered without its end being seen. */
	for (i = ARRAY_SIZE(point) - 1; i >= 0; i--) {
		if (left_out(point[i].name))
			continue;
		err = install_point(&point[i]);
		if (err) {
			failed("tracepoint", point[i].name, err);
			goto undo;
		}
		point[i].installed = true;
	}
	/* Registration last. */
	for (i = ARRAY_SIZE(hook) - 1; i >= 0; i--) {
		if (left_out(hook[i].function))
			continue;
		err = install_hook(&hook[i]);
		if (err) {
			failed("function", hook[i].function, err);
			/* Where ftrace has died behind its patching, the call is there all the same. */
			hook[i].installed = hook[i].ops.flags & FTRACE_OPS_FL_ENABLED;
			goto undo;
		}
		hook[i].installed = true;
	}
	return 0;
undo:
	estp_hooks_remove();
	return err;
}

void estp_hooks_remove(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(hook); i++) {
		remove_hook(&hook[i]);
		ftrace_free_filter(&hook[i].ops);
	}
	for (i = 0; i < ARRAY_SIZE(point); i++)
		remove_point(&point[i]);
	tracepoint_synchronize_unregister();
	/* Tasks may have been preempted anywhere in what the hooks led them to. */
	synchronize_rcu_tasks();
}
