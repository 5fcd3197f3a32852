// SPDX-License-Identifier: GPL-2.0-only
/*
 * prober - for tests: calls the kernel's ESTP accessors, and a page of its own, in the
 * contexts that there are, for a program that says which through /dev/prober
 *
 *   prober_main.c     the device, places of memory
 *   prober_call.c     one call; what the kernel would have done without
 *   prober_context.c  calls in each context
 *   prober_loops.c    threads that fault without pause
 */
#include <linux/fs.h>
#include <linux/io.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "prober.h"

static u8 data[64];
static const u8 read_only[PAGE_SIZE] __aligned(PAGE_SIZE) = { KRN_BYTE(0), KRN_BYTE(1), KRN_BYTE(2) };
static u8 *mapped;
static void __iomem *device, *no_device;

struct krn_places places;

/* A device that QEMU's machine has, a place where it has none. */
#ifdef CONFIG_X86_64
#define DEVICE		0xfed00000ul	/* HPET; its first register says who made it */
#define REGISTER	0
#define REGISTER_VALUE	0x8086a201
#define WILD		0x8000123456789abcul
#else
#define DEVICE		0x09000000ul	/* PL011; its identification */
#define REGISTER	0xfe0
#define REGISTER_VALUE	0x11
#define NO_DEVICE	0x0b000000ul	/* an external abort */
#define WILD		0x0080123456789abcul
#endif

static int find_places(void)
{
	int i;

	mapped = vmalloc(PAGE_SIZE);
	device = ioremap(DEVICE, PAGE_SIZE);
	if (!mapped || !device)
		return -ENOMEM;
#ifdef NO_DEVICE
	no_device = ioremap(NO_DEVICE, PAGE_SIZE);
	if (!no_device)
		return -ENOMEM;
	places.no_device = (unsigned long)no_device;
#else
	/* A hole of the bus reads as ones there; the end of a window faults. */
	places.no_device = (unsigned long)device + PAGE_SIZE;
#endif
	places.data = (unsigned long)data;
	places.read_only = (unsigned long)read_only;
	places.edge = (unsigned long)mapped + PAGE_SIZE - sizeof(data);
	places.hole = (unsigned long)mapped + PAGE_SIZE;
	places.wild = WILD;
	places.text = (unsigned long)find_places;
	places.device = (unsigned long)device + REGISTER;
	places.device_value = REGISTER_VALUE;
	places.page_size = PAGE_SIZE;
	for (i = 0; i < sizeof(data); i++)
		data[i] = mapped[PAGE_SIZE - sizeof(data) + i] = KRN_BYTE(i);
	return 0;
}

static void forget_places(void)
{
	vfree(mapped);
	if (device)
		iounmap(device);
	if (no_device)
		iounmap(no_device);
}

static long call(struct krn_call __user *arg)
{
	static struct krn_call it;	/* the device is open once */
	int err;

	if (copy_from_user(&it, arg, sizeof(it)))
		return -EFAULT;
	err = call_in_context(&it);
	if (err)
		return err;
	return copy_to_user(arg, &it, sizeof(it)) ? -EFAULT : 0;
}

static long on_ioctl(struct file *file, unsigned int what, unsigned long arg)
{
	struct krn_loops loops;

	switch (what) {
	case KRN_PLACES:
		return copy_to_user((void __user *)arg, &places, sizeof(places)) ? -EFAULT : 0;
	case KRN_CALL:
		return call((struct krn_call __user *)arg);
	case KRN_LOOP:
		return loops_begin();
	case KRN_LOOPS:
		loops_count(&loops);
		return copy_to_user((void __user *)arg, &loops, sizeof(loops)) ? -EFAULT : 0;
	case KRN_END:
		loops_end();
		return 0;
	default:
		return -ENOTTY;
	}
}

static atomic_t opened;

static int on_open(struct inode *inode, struct file *file)
{
	return atomic_cmpxchg(&opened, 0, 1) ? -EBUSY : 0;
}

static int on_release(struct inode *inode, struct file *file)
{
	loops_end();
	atomic_set(&opened, 0);
	return 0;
}

static const struct file_operations operations = {
	.owner = THIS_MODULE,
	.open = on_open,
	.release = on_release,
	.unlocked_ioctl = on_ioctl,
};

static struct miscdevice misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "prober",
	.fops = &operations,
};

static int __init prober_init(void)
{
	int err;

	err = estp_kernel_register(own_page);
	if (err)
		return err;
	err = find_places();
	if (err)
		goto no_places;
	err = contexts_begin();
	if (err)
		goto no_places;
	err = misc_register(&misc);
	if (!err)
		return 0;
	contexts_end();
no_places:
	forget_places();
	estp_kernel_unregister(own_page);
	return err;
}

static void __exit prober_exit(void)
{
	misc_deregister(&misc);
	contexts_end();
	forget_places();
	WARN_ON(estp_kernel_unregister(own_page));
	WARN_ON(estp_kernel_unregister(own_page) != -ENOENT);
}

module_init(prober_init);
module_exit(prober_exit);
MODULE_DESCRIPTION("For tests of ESTP: faults in kernel mode");
MODULE_LICENSE("GPL");
