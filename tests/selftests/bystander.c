// SPDX-License-Identifier: MIT
/*
 * MOD-6: a process with registrations, for as long as the kernel's selftests run beside it:
 * tests/selftests/run ends it by making the file /run/selftests-done. All this time its
 * registrations hold, events of all three selectors are forced, and it fences.
 */
#include "probe.h"

const unsigned int test_seconds = 3600;

#define VALUE	0x1000
#define DONE	"/run/selftests-done"

void test(void)
{
	struct guard g;
	u64 rounds = 0, lost = 0;

	need_estp();
	guard_new(&g, VALUE);
	while (access(DONE, F_OK)) {
		lost += !guard_holds(&g);
		lost += madv_fence() != 0;
		lost += probe(g.page, VALUE, ESTP_INTERRUPT) != 0;
		if (cpus_nr() > 1)
			lost += probe(g.page, VALUE, ESTP_PREEMPTION) != 0;
		rounds++;
		sleep_us(20000);
	}
	ok(rounds, "the bystander looked %llu times", (unsigned long long)rounds);
	is(lost, 0, "each time its registrations held");
	diag("%llu diversions", (unsigned long long)diverted_all());
}
