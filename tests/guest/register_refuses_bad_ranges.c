// SPDX-License-Identifier: MIT
/*
 * REG-5, REG-7, REG-14, UNREG-3: a range that is misaligned or overflows is EINVAL,
 * before anything else is looked at; a range of length 0 does nothing; and none of
 * them changes anything.
 *
 * Method: each range holds or touches a registered probe, so that a kernel which
 * acted on it would replace or remove that; list, counts and the probe itself are
 * compared afterwards. The twin of each is the same page, aligned and whole.
 */
#include "probe.h"

#define VALUE	0x1000

static struct guard guard;

static void unregister_refused(const void *addr, size_t len, const char *what)
{
	left_alone(&guard, madv_unregister(addr, len), EINVAL, "UNREGISTER, %s", what);
}

static void both_refused(const void *addr, size_t len, const char *what)
{
	refused(&guard, addr, len, EINVAL, "REGISTER, %s", what);
	unregister_refused(addr, len, what);
}

void test(void)
{
	size_t page = page_size();
	u8 *p, *unmapped = pages_new(1);

	need_estp();
	must(!munmap(unmapped, page));
	guard_new(&guard, VALUE);
	p = guard.page;

	both_refused(p + 1, page, "one byte off");
	both_refused(p + 8, page, "eight bytes off");
	both_refused(p + page - 1, 1, "the page's last byte");
	both_refused(p + 1, 0, "one byte off, length 0");
	both_refused(unmapped + 1, page, "one byte off, and not mapped");
	both_refused((void *)~0ull, 1, "the last byte there is");

	both_refused(p, ~0ull, "a length that rounds up to 0");
	both_refused(p, ~0ull - page + 2, "the least length that rounds up to 0");
	both_refused(p, ~0ull - page + 1, "the greatest length of whole pages");
	both_refused(p, -(u64)p, "an end of exactly 2^64");
	both_refused(p, -(u64)p + page, "an end past 2^64");
	both_refused(NULL, ~0ull, "all of memory, rounded up");

	left_alone(&guard, madv_register(p, 0), 0, "REGISTER, length 0 at a registered page");
	left_alone(&guard, madv_register(unmapped, 0), 0, "REGISTER, length 0 at no page");
	left_alone(&guard, madv_unregister(p, 0), ENOENT, "UNREGISTER, length 0");

	is(madv_unregister(p, page), 0, "twin: the page itself can be unregistered");
	is(probe_fault(p, VALUE), -1, "twin: it does not divert any more");
	is(madv_register(p, page), 0, "twin: and registered");
	is(probe_fault(p, VALUE), 0, "twin: it diverts");
	is(madv_unregister(p, 1), 0, "twin: a length of 1 is a page");
}
