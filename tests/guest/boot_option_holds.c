// SPDX-License-Identifier: MIT
/*
 * No clause: where a cell of the matrix asks for preempt=, this kernel has it.
 *
 * Method: the kernel marks its model among those it could have. The twin: no other is marked.
 */
#include <sys/mount.h>

#include "machine.h"

#define MODELS "/sys/kernel/debug/sched/preempt"

void test(void)
{
	static const char *const model[] = { "none", "voluntary", "full", "lazy" };
	char asked[16] = "", marked[16];
	const char *at = strstr(read_file("/proc/cmdline"), " preempt=");
	unsigned int i, nr = 0;

	must(!at || sscanf(at, " preempt=%15[a-z]", asked) == 1);
	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	if (!at && !strchr(read_file(MODELS), '('))
		skip_all("this kernel has one model for good");
	for (i = 0; i < ARRAY_LEN(model); i++) {
		snprintf(marked, sizeof(marked), "(%s)", model[i]);
		if (!strstr(read_file(MODELS), marked))
			continue;
		nr++;
		ok(!at || !strcmp(model[i], asked), "preempt=%s: the kernel has %s", at ? asked : "", model[i]);
	}
	is(nr, 1, "twin: one of them, and no other");
}
