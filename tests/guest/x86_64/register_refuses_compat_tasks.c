// SPDX-License-Identifier: MIT
/*
 * REG-7: a system call by the 32-bit or the x32 table is EINVAL, whatever the
 * request, and changes nothing.
 *
 * Method: a 64-bit task can make calls of the 32-bit table by int 0x80; to the kernel
 * they are a compat task's. The twin makes each request by the 64-bit table, at the
 * same address, below 4 GiB; and another advice through int 0x80, which succeeds: the
 * call as such arrives. Kernels that have the x32 table are told to let it be used.
 *
 * vm: --append syscall.x32=y
 */
#include "probe.h"

#define VALUE		0x1000
#define MADVISE_32	219
#define X32_BIT		0x40000000

static int call_32(const void *addr, size_t len, int advice)
{
	int ret = MADVISE_32;

	asm volatile("int $0x80"
		     : "+a" (ret)
		     : "b" (addr), "c" (len), "d" (advice)
		     : "memory", "r8", "r9", "r10", "r11");
	return ret;
}

static int call_x32(const void *addr, size_t len, int advice)
{
	return syscall(SYS_madvise | X32_BIT, addr, len, advice) ? -errno : 0;
}

static void *low_page(void)
{
	void *page = mmap(NULL, page_size(), PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);

	must(page != MAP_FAILED);
	probe_code(page, VALUE + 0x100);
	probe_header(page, 0);
	return page;
}

static void by(int (*call)(const void *addr, size_t len, int advice), const char *how)
{
	size_t page = page_size();
	struct guard guard;
	void *low = low_page(), *other = low_page();
	u64 fences = stats().fences;

	if (call(other, page, MADV_NORMAL) == -ENOSYS) {
		skip("%s: this kernel has no such calls", how);
		return;
	}
	guard_new(&guard, VALUE);
	must(!madv_register(low, page));
	guard_renew(&guard);
	is(call(other, page, MADV_NORMAL), 0, "twin: MADV_NORMAL by %s succeeds", how);

	left_alone(&guard, call(other, page, MADV_ESTP_REGISTER), EINVAL, "REGISTER by %s", how);
	left_alone(&guard, call(other, 0, MADV_ESTP_REGISTER), EINVAL,
		   "REGISTER of length 0 by %s", how);
	left_alone(&guard, call(low, page, MADV_ESTP_UNREGISTER), EINVAL, "UNREGISTER by %s", how);
	left_alone(&guard, call(NULL, 0, MADV_ESTP_FENCE), EINVAL, "FENCE by %s", how);
	left_alone(&guard, call(NULL, 0, MADV_ESTP_QUERY), EINVAL, "QUERY by %s", how);
	is(stats().fences - fences, 0, "no fence was counted");

	is(madv_query(0), 0, "twin: QUERY by the 64-bit table");
	is(madv_fence(), 0, "twin: FENCE by the 64-bit table");
	is(madv_register(other, page), 0, "twin: REGISTER by the 64-bit table");
	is(madv_unregister(low, page), 0, "twin: UNREGISTER by the 64-bit table");
}

void test(void)
{
	struct estp_stats before;

	need_estp();
	before = stats();
	must(!before.pages);
	by(call_32, "int 0x80");
	must(!madv_unregister(NULL, 1ull << 47));
	by(call_x32, "the x32 table");
}
