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

/* task_work_add() before the next user instruction, from the scheduler's locks. */
#define ESTP_TWA_RESUME_ATOMIC	(TWA_RESUME | TWAF_NO_ALLOC)

/* The n-th argument of a hooked function. */
#define estp_hook_argument(fregs, n)	ftrace_regs_get_argument(fregs, n)

/* Install all hooks, or none; says in the log which one failed. */
int estp_hooks_install(void);
/* When this returns no task is in a hook, nor will be. */
void estp_hooks_remove(void);

#endif /* ESTP_COMPAT_H */
