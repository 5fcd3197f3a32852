// SPDX-License-Identifier: GPL-2.0-only
/*
 * estp.ko: parts come up in order, go down in reverse.
 *
 * A reader's way in: estp.h, preempt.c, interrupt.c, fault.c; then control.c, register.c.
 */
#include <linux/module.h>
#include <linux/preempt.h>

#include "estp.h"
#include "arch/arch.h"
#include "compat/compat.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

unsigned int estp_max_pages = 65536;
module_param_named(max_pages, estp_max_pages, uint, 0644);
MODULE_PARM_DESC(max_pages, "pages of code that a process may have registered (65536)");

unsigned long estp_max_bytes = 16ul << 20;
module_param_named(max_bytes, estp_max_bytes, ulong, 0644);
MODULE_PARM_DESC(max_bytes, "bytes of kernel memory that they may take (16777216)");

static struct estp_rules rules = {
	.page_size = PAGE_SIZE,
	.causes = ESTP_CAUSE_PAGE | (IS_ENABLED(CONFIG_MEMORY_FAILURE) ? ESTP_CAUSE_MCEERR : 0),
};
extern const struct estp_rules estp_rules __attribute__((alias("rules")));

static int __init estp_init(void)
{
	int err;

	err = estp_arch_init(&rules);
	if (err)
		return err;
	err = estp_memory_init();
	if (err)
		return err;
	err = estp_mms_init();
	if (err)
		goto err_mms;
	err = estp_kernel_init();
	if (err)
		goto err_kernel;
	err = estp_hooks_install();
	if (err)
		goto err_hooks;
	err = estp_access_init();
	if (err)
		goto err_access;
	/* Last: an open file would hold us, but loading that fails asks nobody. */
	err = estp_device_init();
	if (err)
		goto err_access;
	return 0;

err_access:
	estp_hooks_remove();
err_hooks:
	estp_kernel_exit();
err_kernel:
	estp_mms_exit();
	estp_preempt_exit();
err_mms:
	estp_memory_exit();
	return err;
}

/* No thread is attached: each holds a reference to the module. */
static void __exit estp_exit(void)
{
	estp_device_exit();
	estp_hooks_remove();
	estp_kernel_exit();
	estp_mms_exit();
	estp_preempt_exit();
	estp_memory_exit();
}

module_init(estp_init);
module_exit(estp_exit);
MODULE_DESCRIPTION("Exceptional-Sequence Text Pages");
MODULE_AUTHOR("The ESTP authors");
MODULE_LICENSE("GPL");
MODULE_VERSION("0.1.0");
