/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions, and every name of a function of the kernel
 * that is no interface: here and in hooks.c, nowhere else.
 */
#ifndef ESTP_COMPAT_H
#define ESTP_COMPAT_H

#include <linux/ftrace.h>
#include <linux/hugetlb_inline.h>
#include <linux/module.h>
#include <linux/signal.h>
#include <linux/task_work.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0) || \
	(LINUX_VERSION_CODE >= KERNEL_VERSION(6, 2, 0) && \
	 LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)) || \
	LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
#error "estp: this release knows Linux 6.1 and 6.12"
#endif

#if !defined(CONFIG_PREEMPT_NOTIFIERS) || !defined(CONFIG_MMU_NOTIFIER)
#error "estp: needs a kernel with CONFIG_PREEMPT_NOTIFIERS and CONFIG_MMU_NOTIFIER (CONFIG_KVM selects both)"
#endif
#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) || !defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#error "estp: needs a kernel with CONFIG_DYNAMIC_FTRACE_WITH_ARGS and _WITH_DIRECT_CALLS"
#endif
#if !defined(CONFIG_UPROBES) || !defined(CONFIG_KPROBES) || !defined(CONFIG_TRACEPOINTS)
#error "estp: needs a kernel with CONFIG_UPROBES, CONFIG_KPROBES and CONFIG_TRACEPOINTS"
#endif

#ifdef CONFIG_LTO
#error "estp: a kernel with CONFIG_LTO may have hooked functions built into their callers"
#endif
/* has_copies() knows how GCC names what it takes out of a function. */
#ifdef CONFIG_CC_IS_CLANG
#error "estp: a kernel built by clang has not been tried"
#endif

/* Lockdep's kind asks for tasklist_lock, which is not exported: our walks are under RCU. */
#ifdef CONFIG_PROVE_RCU_LIST
#include <linux/sched/signal.h>
#undef __for_each_thread
#define __for_each_thread(signal, t) \
	list_for_each_entry_rcu(t, &(signal)->thread_head, thread_node)
#endif

/* task_work_add() before the next user instruction, from the scheduler's locks. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#ifdef CONFIG_KASAN
#error "estp: before 6.11 a kernel with CONFIG_KASAN allocates where the module may not"
#endif
#define ESTP_TWA_RESUME_ATOMIC	TWA_RESUME
#else
#define ESTP_TWA_RESUME_ATOMIC	(TWA_RESUME | TWAF_NO_ALLOC)
#endif

/*
 * kvfree_rcu(), of memory that may be from a cache of ours.  It frees in batches, for which
 * kmem_cache_destroy() waits since 6.12; before, nobody can, and @callback, which frees, is
 * what rcu_barrier() waits for.
 *
 * It keeps what it is given for up to five seconds, too, counting pieces, not bytes, and no cgroup's shrinker
 * asks it; a table's page may have more than a megabyte.  So what is large goes by @callback everywhere.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define estp_kvfree_rcu(p, field, callback)	call_rcu(&(p)->field, callback)
#else
#define estp_kvfree_rcu(p, field, callback) do {				\
	if (is_vmalloc_addr(p))							\
		call_rcu(&(p)->field, callback);				\
	else									\
		kvfree_rcu(p, field);						\
} while (0)
#endif

/* Tasks that borrow an address space and never run user code, beside kernel threads. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define ESTP_PF_WORKER		PF_IO_WORKER
#else
#define ESTP_PF_WORKER		PF_USER_WORKER
#endif

/*
 * Is what the notifier is told of a mapping's memory true?  Before 6.12 hugetlb tells of memory
 * that goes from below one that stays as of an unmapping, and not under mmap_lock.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define estp_vma_is_told_of(vma)	(!is_vm_hugetlb_page(vma))
#else
#define estp_vma_is_told_of(vma)	true
#endif

/*
 * Positions in it are addresses: of procfs's files that is `mem` of a process, and none that is
 * named so by somebody else, as a network device's may be.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#define estp_file_is_of_addresses(file)	((file)->f_mode & FMODE_UNSIGNED_OFFSET)
#else
#define estp_file_is_of_addresses(file)	((file)->f_op->fop_flags & FOP_UNSIGNED_OFFSET)
#endif

/* Faults that hold no more than a mapping's own lock: there are none before 6.4. */
#ifdef CONFIG_PER_VMA_LOCK
#define estp_vma_wait_for_faults(vma)	vma_start_write(vma)
#else
#define estp_vma_wait_for_faults(vma)	((void)(vma))
#endif

/* A kernel without control-flow protection for programs never sends it. */
#ifndef SEGV_CPERR
#define SEGV_CPERR		10
#endif

/* A hook: called at the start of a function that hooks.c names. */
#define ESTP_HOOK(name)							\
	void name(unsigned long ip, unsigned long parent,		\
		  struct ftrace_ops *ops, struct ftrace_regs *fregs)
/* The n-th argument of that function; and: run another in its place, with its arguments. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 2, 0)
#define estp_hook_argument(fregs, n)	regs_get_kernel_argument(&(fregs)->regs, n)
#define estp_hook_divert(fregs, function) \
	ftrace_instruction_pointer_set(fregs, (unsigned long)(function))
#else
#define estp_hook_argument(fregs, n)	ftrace_regs_get_argument(fregs, n)
#define estp_hook_divert(fregs, function) \
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)(function))
#endif

/* Have a function of assembler called before the one that ops are set to. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define estp_call_before(ops, entry)	register_ftrace_direct_multi(ops, entry)
#define estp_call_no_more(ops, entry)	unregister_ftrace_direct_multi(ops, entry)
#else
#define estp_call_before(ops, entry)	register_ftrace_direct(ops, entry)
#define estp_call_no_more(ops, entry)	unregister_ftrace_direct(ops, entry, false)
#endif

/* kernel/signal.c, enum sig_handler: the signal may be handled. */
#define ESTP_HANDLER_CURRENT	0

/* A module's text, less what is for its initialisation. */
static inline void estp_module_text_range(const struct module *mod, unsigned long *start,
					  unsigned long *end)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
	*start = (unsigned long)mod->core_layout.base;
	*end = *start + mod->core_layout.text_size;
#else
	*start = (unsigned long)mod->mem[MOD_TEXT].base;
	*end = *start + mod->mem[MOD_TEXT].size;
#endif
}

static inline bool estp_module_text(const struct module *mod, unsigned long addr, size_t len)
{
	unsigned long start, end;

	estp_module_text_range(mod, &start, &end);
	return addr >= start && addr < end && len <= end - addr;
}

/*
 * Asked by assembler (arch/) on the arguments of force_sig_info_to_task and unhandled_signal,
 * of an attached thread: is estp_nothing_sent() to run in its place?
 */
bool estp_fault_diverts(struct kernel_siginfo *info, struct task_struct *task, int handler);
bool estp_fault_will_divert(struct task_struct *task, int sig);
int estp_nothing_sent(void);
/*
 * On those of fixup_exception, search_exception_tables and do_sea, where the pc lies in the
 * hull of all kernel pages (kernel.c).
 */
struct estp_kernel_hull {
	unsigned long lo, len;		/* assembler knows their order */
};
extern struct estp_kernel_hull estp_kernel_hull;
bool estp_kernel_fixup(struct pt_regs *regs, int trap);
int estp_kernel_fixed(struct pt_regs *regs, int trap);
bool estp_kernel_search(unsigned long pc);
const struct exception_table_entry *estp_kernel_an_entry(void);
bool estp_kernel_abort(unsigned long far, unsigned long esr, struct pt_regs *regs);
/* On those of madvise(2), one of our advice values: is it ours? */
bool estp_is_our_madvise(struct pt_regs *regs);

ESTP_HOOK(estp_on_no_fault);
ESTP_HOOK(estp_on_fp_trap);

/* Install all hooks, or none; says in the log which one failed. */
int estp_hooks_install(void);
/* When this returns no task is in a hook, nor will be. */
void estp_hooks_remove(void);

#endif /* ESTP_COMPAT_H */
