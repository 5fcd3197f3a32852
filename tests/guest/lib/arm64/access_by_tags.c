// SPDX-License-Identifier: MIT
/*
 * ACC-2, ACC-3, ACC-4: where memory tags (MTE) end what can be accessed, in the middle of a page, the
 * functions of estp/access.h are as exact as at a page's end.
 *
 * Method: access_tags.h. access_by_tags_without is the same without ESTP.
 *
 * vm: --machine mte=on
 */
#include "access_tags.h"

void test(void)
{
	u64 before;

	need_estp_and_counters();
	is(estp_object_error(), 0, "the sequences are registered");
	before = faults_so_far();
	access_tags();
	ok(faults_so_far() > before, "faults were diverted");
}
