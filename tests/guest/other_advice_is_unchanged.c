// SPDX-License-Identifier: MIT
/*
 * REG-1, MOD-1: no advice value but ESTP's four behaves differently than without ESTP,
 * the neighbours of the four among them; and those four are EINVAL before the module is
 * loaded and after it has been unloaded.
 *
 * Method: a list of calls is answered before the module is loaded, with it, in a process
 * that has registrations, and after it has been unloaded: all answers, and what the
 * calls did to memory, are compared.
 *
 * vm: --no-load --cpus 1
 */
#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define NR	64

static size_t page;

/* What a call answers, and what is then in the memory: 0 where it was discarded. */
struct answer {
	int err;
	u8 first, last;
};

/* Not MADV_HWPOISON and MADV_SOFT_OFFLINE: they take memory from the machine. */
static const int advice[] = {
	0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24,
	25, 26, 99, 102, 103, 0x4551, 0x4552, 0x4557, 0x4558, 0x455, 0x5345, 0x14553, 0x10004553,
	-1, -0x4553, 0x7fffffff,
};

enum range { WHOLE, PART, ROUNDED, EMPTY, MISALIGNED, HOLE, UNMAPPED, OVERFLOWS, RANGE_NR };

static struct answer ask(int what, enum range range)
{
	struct answer a = { 0 };
	u8 *p = pages_new(4);
	size_t len = 4 * page;
	u8 *at = p;

	memset(p, 0x5a, 4 * page);
	switch (range) {
	case PART:
		len = page;
		break;
	case ROUNDED:
		len = 3 * page + 1;
		break;
	case EMPTY:
		len = 0;
		break;
	case MISALIGNED:
		at++;
		len = page;
		break;
	case HOLE:
		must(!munmap(p + page, page));
		break;
	case UNMAPPED:
		must(!munmap(p + page, page));
		at += page;
		len = page;
		break;
	case OVERFLOWS:
		len = -(u64)page;
		break;
	default:
		break;
	}
	a.err = madvise(at, len, what) ? errno : 0;
	/* MADV_GUARD_INSTALL of later kernels would make a read fatal; it is not in 6.12. */
	a.first = p[0];
	a.last = p[4 * page - 1];
	munmap(p, 4 * page);
	return a;
}

static void ask_all(struct answer *answers)
{
	unsigned int i, k;

	for (i = 0; i < ARRAY_LEN(advice); i++)
		for (k = 0; k < RANGE_NR; k++)
			*answers++ = ask(advice[i], k);
}

static int query_all(void)
{
	int all = 0, what;

	for (what = MADV_ESTP_REGISTER; what <= MADV_ESTP_QUERY; what++)
		all |= (madvise(NULL, 0, what) ? errno : 0) != EINVAL;
	return all;
}

static void compare(const struct answer *got, const struct answer *want, const char *when)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < ARRAY_LEN(advice) * RANGE_NR; i++) {
		if (!memcmp(&got[i], &want[i], sizeof(*got)))
			continue;
		diag("advice %d, range %d: error %d, before %d", advice[i / RANGE_NR],
		     i % RANGE_NR, got[i].err, want[i].err);
		wrong++;
	}
	is(wrong, 0, "%s: %zu advice values answer as without it", when, ARRAY_LEN(advice));
}

void test(void)
{
	static struct answer before[ARRAY_LEN(advice) * RANGE_NR],
			     during[ARRAY_LEN(before)], after[ARRAY_LEN(before)];
	unsigned int i, errors = 0, effects = 0;
	void *p;

	page = page_size();
	p = probe_new(VALUE);
	is(query_all(), 0, "not loaded: the four are EINVAL");
	is(-madv_register(p, page), EINVAL, "not loaded: REGISTER is EINVAL");
	ask_all(before);
	for (i = 0; i < ARRAY_LEN(before); i++) {
		errors += before[i].err == EINVAL;
		effects += before[i].first != 0x5a;
	}
	ok(errors && errors < ARRAY_LEN(before), "twin: some of it is EINVAL: %u", errors);
	ok(effects, "twin: some of it has an effect: %u", effects);

	is(module_load(""), 0, "it is loaded");
	is(madvise(NULL, 0, MADV_ESTP_QUERY), 0, "loaded: QUERY answers");
	ask_all(during);
	compare(during, before, "loaded, nothing registered");
	is(madv_register(p, page), 0, "loaded: REGISTER");
	is(probe_fault(p, VALUE), 0, "it diverts");
	ask_all(during);
	compare(during, before, "loaded, a page registered");
	is(probe_fault(p, VALUE), 0, "it diverts still");

	must(!madv_unregister(p, page));
	ok(module_unload_soon(), "it is unloaded");
	is(query_all(), 0, "unloaded: the four are EINVAL");
	is(-madv_register(p, page), EINVAL, "unloaded: REGISTER is EINVAL");
	is(probe_fault(p, VALUE), -1, "twin: the page does not divert");
	ask_all(after);
	compare(after, before, "unloaded");
}
