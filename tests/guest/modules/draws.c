// SPDX-License-Identifier: GPL-2.0-only
/*
 * draws - for tests: the next random words that a process gets in the kernel are known
 *
 *   who     which process; of others nothing changes
 *   times   how many words
 *   value   which
 *   asked   how many it has asked for, so or so
 */
#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/sched.h>

static int who;
module_param(who, int, 0600);
static int times;
module_param(times, int, 0600);
static unsigned long long value;
module_param(value, ullong, 0600);
static unsigned int asked;
module_param(asked, uint, 0400);

static int drawn(struct kretprobe_instance *instance, struct pt_regs *regs)
{
	if (current->tgid != READ_ONCE(who))
		return 0;
	asked++;
	if (times > 0) {
		times--;
		regs_set_return_value(regs, value);
	}
	return 0;
}

static struct kretprobe probe = {
	.kp.symbol_name = "get_random_u64",
	.handler = drawn,
	.maxactive = 64,
};

static int __init draws_init(void)
{
	return register_kretprobe(&probe);
}

static void __exit draws_exit(void)
{
	unregister_kretprobe(&probe);
}

module_init(draws_init);
module_exit(draws_exit);
MODULE_DESCRIPTION("For tests of ESTP: known random words");
MODULE_LICENSE("GPL");
