// SPDX-License-Identifier: GPL-2.0-only
/* ends_ftrace - for tests: shuts ftrace down for good, as a warning of its own does */
#include <linux/kprobes.h>
#include <linux/module.h>

static int __init ends_ftrace_init(void)
{
	struct kprobe where = { .symbol_name = "ftrace_kill", .flags = KPROBE_FLAG_DISABLED };
	int err = register_kprobe(&where);

	if (err)
		return err;
	unregister_kprobe(&where);
	((void (*)(void))where.addr)();
	return 0;
}

module_init(ends_ftrace_init);
MODULE_DESCRIPTION("For tests of ESTP: the end of ftrace");
MODULE_LICENSE("GPL");
