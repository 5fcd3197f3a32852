// SPDX-License-Identifier: MIT
/*
 * QRY-1, QRY-2, QRY-3: QUERY is 0 for each feature that this kernel has and EINVAL for
 * every other number and for an address; it changes nothing. (QRY-4, that answer and
 * acceptance agree, is register_honours_or_refuses.)
 *
 * Method: all numbers up to 8192, single bits and the features' numbers with a further
 * bit, which a kernel that rounds or truncates would take for them; for 4 and 5 the
 * processor says what to expect, for 6 the kernel's symbol table. The twin is the same
 * call with the advice value next to it, EINVAL on any kernel.
 */
#include "probe.h"

#define VALUE	0x1000
#define UNKNOWN	(ESTP_FEATURE_MCEERR + 1)

static int query_at(const void *addr, size_t feature, int advice)
{
	return madvise((void *)addr, feature, advice) ? errno : 0;
}

static bool kernel_has(const char *symbol)
{
	char line[256], name[128];
	FILE *f = fopen("/proc/kallsyms", "re");
	bool found = false;

	must(f);
	while (!found && fgets(line, sizeof(line), f))
		found = sscanf(line, "%*s %*s %127s", name) == 1 && !strcmp(name, symbol);
	fclose(f);
	return found;
}

static void expect(u32 feature, bool have, const char *what)
{
	is(query_at(NULL, feature, MADV_ESTP_QUERY), have ? 0 : EINVAL, "feature %u, %s: %s",
	   feature, what, have ? "there" : "not there");
}

void test(void)
{
	struct guard guard;
	u32 i, wrong = 0;

	need_estp();
	guard_new(&guard, VALUE);
	expect(ESTP_FEATURE_VERSION_1, true, "version 1");
	expect(ESTP_FEATURE_PAGE, true, "page layout");
	expect(ESTP_FEATURE_TABLE, true, "table layout");
	expect(ESTP_FEATURE_FENCE, true, "fence");
	expect(ESTP_FEATURE_CLEAR_FP, probe_can_clear_fp(), "mask bit 31");
	expect(ESTP_FEATURE_RESET_PKEY, probe_can_reset_pkey(), "reset of protection keys");
	expect(ESTP_FEATURE_MCEERR, kernel_has("memory_failure"), "memory error as a cause");

	for (i = UNKNOWN; i <= 8192; i++)
		wrong += query_at(NULL, i, MADV_ESTP_QUERY) != EINVAL;
	is(wrong, 0, "every number from %u to 8192 is EINVAL", UNKNOWN);
	for (i = 0; i < UNKNOWN; i++) {
		u32 bit;

		for (bit = 3; bit < 64; bit++)
			wrong += query_at(NULL, i | 1ull << bit, MADV_ESTP_QUERY) != EINVAL;
		wrong += query_at(NULL, -(u64)i - 1, MADV_ESTP_QUERY) != EINVAL;
	}
	is(wrong, 0, "and so is a feature's number with any further bit");

	for (i = 0; i < UNKNOWN; i++) {
		wrong += query_at((void *)page_size(), i, MADV_ESTP_QUERY) != EINVAL;
		wrong += query_at((void *)1, i, MADV_ESTP_QUERY) != EINVAL;
		wrong += query_at(guard.page, i, MADV_ESTP_QUERY) != EINVAL;
		wrong += query_at((void *)~0ull, i, MADV_ESTP_QUERY) != EINVAL;
		wrong += query_at(NULL, i, MADV_ESTP_QUERY + 1) != EINVAL;
	}
	is(wrong, 0, "and any address, and the advice value next to it");
	left_alone(&guard, madv_query(ESTP_FEATURE_PAGE), 0, "a query");
	left_alone(&guard, madv_query(UNKNOWN), EINVAL, "a query for what is unknown");
}
