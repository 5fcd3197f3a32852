// SPDX-License-Identifier: MIT
/*
 * ACC-3, ACC-5: without ESTP estp_copy() is as exact as with it.
 *
 * vm: --no-load
 */
#include "access_copies.h"

const unsigned int test_seconds = 100;

void test(void)
{
	is(estp_object_error(), -ENOSYS, "the kernel has no ESTP");
	access_copies(3);
}
