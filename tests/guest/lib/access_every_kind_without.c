// SPDX-License-Identifier: MIT
/*
 * ACC-5: without ESTP the functions of estp/access.h give the same answers as with it,
 * without a handler, too.
 *
 * vm: --no-load
 */
#include "access_kinds.h"

void test(void)
{
	is(estp_object_error(), -ENOSYS, "the kernel has no ESTP");
	access_kinds();
}
