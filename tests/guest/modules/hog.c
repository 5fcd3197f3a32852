// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog - for tests: takes one function of the kernel for itself
 *
 *   function=NAME   which
 *   direct=1        by an ftrace direct call, else by an ftrace_ops that may change the
 *                   instruction pointer (and never does)
 *
 * There can be but one such user of a function.
 */
#include <linux/ftrace.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/version.h>

static char *function;
module_param(function, charp, 0400);
static bool direct;
module_param(direct, bool, 0400);

/* As in module/compat/compat.h. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 4, 0)
#define call_before(ops, entry)		register_ftrace_direct_multi(ops, entry)
#define call_no_more(ops, entry)	unregister_ftrace_direct_multi(ops, entry)
#else
#define call_before(ops, entry)		register_ftrace_direct(ops, entry)
#define call_no_more(ops, entry)	unregister_ftrace_direct(ops, entry, true)
#endif

static void look(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		 struct ftrace_regs *fregs)
{
}

static struct ftrace_ops ops;

/* Called from the function's entry; goes back to it. */
extern void hog_entry(void);
asm("	.pushsection .text, \"ax\", %progbits\n"
    "	.type hog_entry, %function\n"
    "hog_entry:\n"
#ifdef CONFIG_X86_KERNEL_IBT
    "	endbr64\n"
#endif
#ifdef CONFIG_X86
    "	" ASM_RET
#else
    "	hint	34\n"		/* bti c */
    "	mov	x10, x30\n"
    "	mov	x30, x9\n"
    "	ret	x10\n"
#endif
    "	.size hog_entry, . - hog_entry\n"
    "	.popsection\n");

static int __init hog_init(void)
{
	int err;

	if (!function)
		return -EINVAL;
	err = ftrace_set_filter(&ops, (unsigned char *)function, strlen(function), 1);
	if (err)
		return err;
	if (direct)
		return call_before(&ops, (unsigned long)hog_entry);
	ops.func = look;
	ops.flags |= FTRACE_OPS_FL_IPMODIFY;
	return register_ftrace_function(&ops);
}

static void __exit hog_exit(void)
{
	if (direct)
		call_no_more(&ops, (unsigned long)hog_entry);
	else
		unregister_ftrace_function(&ops);
}

module_init(hog_init);
module_exit(hog_exit);
MODULE_DESCRIPTION("For tests of ESTP: takes one function of the kernel");
MODULE_LICENSE("GPL");
