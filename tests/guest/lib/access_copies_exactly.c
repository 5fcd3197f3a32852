// SPDX-License-Identifier: MIT
/*
 * ACC-3: estp_copy() copies exactly the bytes before the first that cannot be read or
 * written, wherever that is, and touches no other.
 */
#include "access_copies.h"

const unsigned int test_seconds = 100;

void test(void)
{
	need_estp_and_counters();
	is(estp_object_error(), 0, "the sequences are registered");
	access_copies(1);
}
