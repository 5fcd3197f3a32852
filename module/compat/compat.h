/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Every difference between kernel versions, and every name of a function of the kernel
 * that is no interface: here and in hooks.c, nowhere else.
 */
#ifndef ESTP_COMPAT_H
#define ESTP_COMPAT_H

#include <linux/ftrace.h>
#include <linux/task_work.h>
#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#error "estp: this release knows Linux 6.12"
#endif

#if !defined(CONFIG_PREEMPT_NOTIFIERS) || !defined(CONFIG_MMU_NOTIFIER)
#error "estp: needs a kernel with CONFIG_PREEMPT_NOTIFIERS and CONFIG_MMU_NOTIFIER (CONFIG_KVM selects both)"
#endif
#if !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) || !defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#error "estp: needs a kernel with CONFIG_DYNAMIC_FTRACE_WITH_ARGS and _WITH_DIRECT_CALLS"
#endif
#if !defined(CONFIG_UPROBES) || !defined(CONFIG_TRACEPOINTS)
#error "estp: needs a kernel with CONFIG_UPROBES and CONFIG_TRACEPOINTS"
#endif

/* Lockdep's kind asks for tasklist_lock, which is not exported: our walks are under RCU. */
#ifdef CONFIG_PROVE_RCU_LIST
#include <linux/sched/signal.h>
#undef __for_each_thread
#define __for_each_thread(signal, t) \
	list_for_each_entry_rcu(t, &(signal)->thread_head, thread_node)
#endif

/* task_work_add() before the next user instruction, from the scheduler's locks. */
#define ESTP_TWA_RESUME_ATOMIC	(TWA_RESUME | TWAF_NO_ALLOC)

/* A hook: called at the start of a function that hooks.c names. */
#define ESTP_HOOK(name)							\
	void name(unsigned long ip, unsigned long parent,		\
		  struct ftrace_ops *ops, struct ftrace_regs *fregs)
/* The n-th argument of that function. */
#define estp_hook_argument(fregs, n)	ftrace_regs_get_argument(fregs, n)
/* Run another function in its place, with its arguments. */
#define estp_hook_divert(fregs, function) \
	ftrace_regs_set_instruction_pointer(fregs, (unsigned long)(function))

/* kernel/signal.c, enum sig_handler: the signal may be handled. */
#define ESTP_HANDLER_CURRENT	0

ESTP_HOOK(estp_on_force_sig);
ESTP_HOOK(estp_on_unhandled_signal);
ESTP_HOOK(estp_on_no_fault);

/* Install all hooks, or none; says in the log which one failed. */
int estp_hooks_install(void);
/* When this returns no task is in a hook, nor will be. */
void estp_hooks_remove(void);

#endif /* ESTP_COMPAT_H */
