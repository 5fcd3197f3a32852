// SPDX-License-Identifier: GPL-2.0-only
/*
 * refused - for tests: tries to register pages that must not be, and says how it went
 *
 * In the parameter errors, in the order of trials[] below.
 */
#include <linux/init.h>
#include <linux/module.h>
#include <linux/slab.h>

#include <linux/estp.h>

extern const char good_page[], preemption_page[], both_page[], interrupt_page[], magic_page[],
	empty_page[], past_page[], header_page[], init_page[];

static const u64 data_page[PAGE_SIZE / sizeof(u64)] __aligned(PAGE_SIZE) = {
	0x4553545001000001, 0x4000002000240020,
};

#define TRIAL_NR	16

static int errors[TRIAL_NR], error_nr;
module_param_array(errors, int, &error_nr, 0444);

static void tell(int err)
{
	errors[error_nr++] = err;
}

static int __init refused_init(void)
{
	const void *others = (void *)((unsigned long)estp_fetch8 & PAGE_MASK);
	const char *askew = good_page;
	void *heap = (void *)__get_free_page(GFP_KERNEL);

	if (!heap)
		return -ENOMEM;
	/* objtool wants no pointer into text that is not to be jumped to. */
	OPTIMIZER_HIDE_VAR(askew);
	tell(estp_kernel_register(preemption_page));
	tell(estp_kernel_register(both_page));
	tell(estp_kernel_register(interrupt_page));
	tell(estp_kernel_register(magic_page));
	tell(estp_kernel_register(empty_page));
	tell(estp_kernel_register(past_page));
	tell(estp_kernel_register(header_page));
	tell(estp_kernel_register(askew + 8));
	tell(estp_kernel_register(data_page));
	tell(estp_kernel_register(init_page));
	tell(estp_kernel_register(heap));
	tell(estp_kernel_register(others));
	tell(estp_kernel_unregister(others));
	tell(estp_kernel_register(good_page));
	tell(estp_kernel_register(good_page));
	tell(estp_kernel_unregister(good_page));
	free_page((unsigned long)heap);
	return 0;
}

static void __exit refused_exit(void)
{
}

module_init(refused_init);
module_exit(refused_exit);
MODULE_DESCRIPTION("For tests of ESTP: kernel pages that are refused");
MODULE_LICENSE("GPL");
