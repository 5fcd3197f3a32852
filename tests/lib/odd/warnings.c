/* SPDX-License-Identifier: MIT */
/* All headers, and all that estp/sequence.h offers, for compilers that warn of everything. */
#include <estp/access.h>
#include <estp/fence.h>
#include <estp/jit.h>
#include <estp/percpu.h>
#include <estp/sequence.h>
#include <estp/version.h>

ESTP_REQUIRE("This example of a sentence");

int all_of_it(long *p);
int all_of_it(long *p)
{
	struct estp_status status;
	long v;

	__asm__ volatile goto(
		ESTP_START(all)
		ESTP_UNPUBLISHED(all, first)
		"nop\n\t"
		ESTP_WAIVE(all, 3)
		ESTP_COMMIT(all)
		"nop\n\t"
		ESTP_END(all)
		ESTP_COLD_BEGIN
		ESTP_LABEL(all, stub) ":\n\t"
		"nop\n\t"
		ESTP_LABEL(all, stub_end) ":\n\t"
		ESTP_COLD_END
		ESTP_ON_PREEMPTION(all, ESTP_LABEL(all, stub))
		ESTP_ON_FAULT(all, "%l[fault]", ESTP_MEMORY | ESTP_ILL)
		ESTP_ON_INTERRUPT(all, ESTP_LABEL(all, stub), ESTP_LABEL(all, stub_end),
				  ESTP_RAX | ESTP_FP, ESTP_RESET_PKEY)
		: [v] "=&r"(v)
		: [p] "r"(p)
		: "memory"
		: fault);
	return estp_status(&status);
fault:
	return estp_object_register() + estp_has(ESTP_FEATURE_PAGE);
}
