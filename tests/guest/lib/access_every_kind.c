// SPDX-License-Identifier: MIT
/*
 * ACC-1, ACC-2, ACC-4, FLT-1, FLT-2: every function of estp/access.h answers for every kind of memory,
 * by FAULT: the kernel counts the diversions, and handlers of SIGSEGV and SIGBUS that
 * somebody else has installed are never called.
 *
 * access_every_kind_without.c is the same without the module.
 */
#include "access_kinds.h"

void test(void)
{
	need_estp_and_counters();
	is(estp_object_error(), 0, "the sequences are registered");
	access_kinds();
}
