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

static char *function;
module_param(function, charp, 0400);
static bool direct;
module_param(direct, bool, 0400);

static void look(unsigned long ip, unsigned long parent, struct ftrace_ops *ops,
		 struct ftrace_regs *fregs)
{
}

static struct ftrace_ops ops;

/* Called from the function's entry; goes back to it. */
extern void hog_entry(void);
asm("	.pushsection .text, \"ax\", @progbits\n"
    "	.type hog_entry, @function\n"
    "hog_entry:\n"
#ifdef CONFIG_X86_KERNEL_IBT
    "	endbr64\n"
#endif
    "	" ASM_RET
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
		return register_ftrace_direct(&ops, (unsigned long)hog_entry);
	ops.func = look;
	ops.flags |= FTRACE_OPS_FL_IPMODIFY;
	return register_ftrace_function(&ops);
}

static void __exit hog_exit(void)
{
	if (direct)
		unregister_ftrace_direct(&ops, (unsigned long)hog_entry, true);
	else
		unregister_ftrace_function(&ops);
}

module_init(hog_init);
module_exit(hog_exit);
MODULE_DESCRIPTION("For tests of ESTP: takes one function of the kernel");
MODULE_LICENSE("GPL");
