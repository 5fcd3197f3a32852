// SPDX-License-Identifier: GPL-2.0-only
/*
 * madvise(2) with one of our advice values: look at the arguments, then act.
 *
 * Runs in place of the kernel's own function for that call, with nothing held, and may sleep.
 */
#include <linux/compat.h>
#include <linux/mm.h>
#include <linux/module.h>

#include "estp.h"

/* What madvise(2) itself demands of a range. */
static int check_range(unsigned long start, size_t len, unsigned long *end)
{
	size_t whole = PAGE_ALIGN(len);

	if (!PAGE_ALIGNED(start))
		return -EINVAL;
	if (len && !whole)
		return -EINVAL;
	*end = start + whole;
	return *end < start ? -EINVAL : 0;
}

static int query(unsigned long start, size_t feature)
{
	bool have;

	if (start)
		return -EINVAL;
	switch (feature) {
	case ESTP_FEATURE_VERSION_1:
	case ESTP_FEATURE_PAGE:
	case ESTP_FEATURE_TABLE:
	case ESTP_FEATURE_FENCE:
		have = true;
		break;
	case ESTP_FEATURE_CLEAR_FP:
		have = estp_rules.clear_valid & ESTP_CLEAR_FP;
		break;
	case ESTP_FEATURE_RESET_PKEY:
		have = estp_rules.reset_pkey;
		break;
	case ESTP_FEATURE_MCEERR:
		have = estp_rules.causes & ESTP_CAUSE_MCEERR;
		break;
	default:
		have = false;
	}
	return have ? 0 : -EINVAL;
}

static int act(unsigned long start, size_t len, int advice)
{
	unsigned long end;
	int err;

	if (in_compat_syscall())
		return -EINVAL;
	switch (advice) {
	case MADV_ESTP_QUERY:
		return query(start, len);
	case MADV_ESTP_FENCE:
		return start ? -EINVAL : estp_fence(len);
	}

	err = check_range(start, len, &end);
	if (err)
		return err;
	if (advice == MADV_ESTP_UNREGISTER)
		return estp_unregister(start, end);
	return end == start ? 0 : estp_register(start, end);
}

long estp_madvise(struct pt_regs *regs)
{
	/* A system call's first three are where those of a function are. */
	int ret = act(regs_get_kernel_argument(regs, 0), regs_get_kernel_argument(regs, 1),
		      regs_get_kernel_argument(regs, 2));

	/* Taken by the hook, so that this code stays while we are in it. */
	module_put(THIS_MODULE);
	return ret;
}
