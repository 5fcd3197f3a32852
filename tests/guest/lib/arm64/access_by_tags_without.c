// SPDX-License-Identifier: MIT
/*
 * ACC-5: where memory tags (MTE) end what can be accessed the answers are the same without ESTP.
 *
 * Method: access_tags.h.
 *
 * vm: --no-load --machine mte=on
 */
#include "access_tags.h"

void test(void)
{
	is(estp_object_error(), -ENOSYS, "the kernel has no ESTP");
	access_tags();
}
