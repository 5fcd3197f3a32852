// SPDX-License-Identifier: GPL-2.0-only
/*
 * crowd - for tests: registers several kernel pages, or takes them back, in the task that
 * writes its parameter, so that allocations can be made to fail there
 *
 *   registered   1: all or none, with the errno of the first that was refused; 0: none
 *   answers      how many of those that are registered answer a fault, and a load
 */
#include <linux/module.h>
#include <linux/vmalloc.h>

#include <linux/estp.h>

#define CROWD(x)	x(0) x(1) x(2) x(3) x(4) x(5) x(6) x(7)

#define DECLARE(n)	extern const char crowd##n##_page[]; int crowd##n##_probe(const void *from);
CROWD(DECLARE)

static const struct {
	const void *page;
	int (*probe)(const void *from);
} crowd[] = {
#define ENTRY(n)	{ crowd##n##_page, crowd##n##_probe },
	CROWD(ENTRY)
};

static int registered_nr;
static void *mapped;
static u8 byte = 77;

static void take_back(void)
{
	while (registered_nr)
		WARN_ON(estp_kernel_unregister(crowd[--registered_nr].page));
}

static int set_registered(const char *value, const struct kernel_param *param)
{
	int err = 0;

	take_back();
	if (*value != '1')
		return 0;
	while (registered_nr < ARRAY_SIZE(crowd) && !err) {
		err = estp_kernel_register(crowd[registered_nr].page);
		registered_nr += !err;
	}
	if (err)
		take_back();
	return err;
}

static int get_registered(char *text, const struct kernel_param *param)
{
	return sprintf(text, "%d\n", registered_nr);
}

static int get_answers(char *text, const struct kernel_param *param)
{
	int i, nr = 0;

	for (i = 0; i < registered_nr; i++)
		nr += crowd[i].probe(mapped + PAGE_SIZE) == -EFAULT && crowd[i].probe(&byte) == byte;
	return sprintf(text, "%d\n", nr);
}

static const struct kernel_param_ops registered_ops = { .set = set_registered, .get = get_registered };
static const struct kernel_param_ops answers_ops = { .get = get_answers };
module_param_cb(registered, &registered_ops, NULL, 0600);
module_param_cb(answers, &answers_ops, NULL, 0400);

static int __init crowd_init(void)
{
	mapped = vmalloc(PAGE_SIZE);
	return mapped ? 0 : -ENOMEM;
}

static void __exit crowd_exit(void)
{
	take_back();
	vfree(mapped);
}

module_init(crowd_init);
module_exit(crowd_exit);
MODULE_DESCRIPTION("For tests of ESTP: a module with several pages");
MODULE_LICENSE("GPL");
