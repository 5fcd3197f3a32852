// SPDX-License-Identifier: GPL-2.0-only
/*
 * stranger - for tests: a module with a kernel page of its own that knows of no other
 *
 *   forget=1   does not unregister it when it goes
 *   fail=1     its initialisation fails after having registered
 */
#include <linux/module.h>
#include <linux/vmalloc.h>

#include <linux/estp.h>

extern const char own_page[];
int own_probe(const void *from);

static bool forget, fail;
module_param(forget, bool, 0400);
module_param(fail, bool, 0400);

static u8 byte = 77;

/* Faults, and does not, as it should. */
static int try(void)
{
	u8 *mapped = vmalloc(PAGE_SIZE);
	bool right;
	u8 value;

	if (!mapped)
		return -ENOMEM;
	right = own_probe(&byte) == 77 && own_probe(mapped + PAGE_SIZE) == -EFAULT &&
		!estp_fetch8(&byte, &value) && value == 77 &&
		estp_fetch8(mapped + PAGE_SIZE, &value) == -EFAULT;
	vfree(mapped);
	return right ? 0 : -EIO;
}

static int __init stranger_init(void)
{
	int err = estp_kernel_register(own_page);

	if (err)
		return err;
	err = try();
	if (fail && !err)
		return -ECANCELED;
	if (err && !forget)
		estp_kernel_unregister(own_page);
	return err;
}

static void __exit stranger_exit(void)
{
	WARN_ON(try());
	if (!forget)
		WARN_ON(estp_kernel_unregister(own_page));
}

module_init(stranger_init);
module_exit(stranger_exit);
MODULE_DESCRIPTION("For tests of ESTP: a second module with a page");
MODULE_LICENSE("GPL");
