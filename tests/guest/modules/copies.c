// SPDX-License-Identifier: GPL-2.0-only
/*
 * copies - for tests: functions named as a compiler names what it makes of others, for callers
 * in their own file. Nobody calls these.
 */
#include <linux/linkage.h>
#include <linux/module.h>

#ifdef CONFIG_X86
#define RETURN	ASM_RET
#else
#define RETURN	"ret\n"
#endif

#define COPY(name)					\
	asm("	.pushsection .text, \"ax\", %progbits\n"	\
	    "	.type \"" name "\", %function\n"		\
	    "\"" name "\":\n"				\
	    "	" RETURN				\
	    "	.size \"" name "\", . - \"" name "\"\n"	\
	    "	.popsection\n")

COPY("force_sig_info_to_task.constprop.0");
#ifdef CONFIG_X86
COPY("signal_fault.part.0.isra.0");
COPY("force_sigsegv.isra.0");
#endif

static int __init copies_init(void)
{
	return 0;
}

static void __exit copies_exit(void)
{
}

module_init(copies_init);
module_exit(copies_exit);
MODULE_DESCRIPTION("functions with names of copies");
MODULE_LICENSE("GPL");
