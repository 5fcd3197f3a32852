// SPDX-License-Identifier: MIT
/*
 * A thread that never touched its rights to protection keys: the kernel's default came with exec and fork.
 */
#include "harness.h"

u64 default_rights(void)
{
	static u64 rights;
	static bool known;

	if (!known && cpu_has_keys())
		rights = read_rights();
	known = true;
	return rights;
}

__attribute__((constructor))
static void note_default_rights(void)
{
	default_rights();
}
