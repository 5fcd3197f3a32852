// SPDX-License-Identifier: MIT
/* A process with an inline sequence, which says so and stays. */
#include <stdio.h>
#include <unistd.h>

#include <estp/sequence.h>

#include "subject.h"

static long counter;

static int add(long n)
{
	long old;

	__asm__ volatile goto(
		ESTP_START(add)
		LOAD("%[old]", "%[counter]")
		ADD
		ESTP_COMMIT(add)
		STORE
		ESTP_END(add)
		ESTP_RESTART(add)
		ESTP_ON_FAULT(add, "%l[fault]", ESTP_MEMORY)
		: [old] "=&r"(old)
		: [n] "r"(n), [counter] "m"(counter)
		: "memory", "cc"
		: fault);
	return 0;
fault:
	return -1;
}

int main(void)
{
	if (estp_object_error() || add(1))
		return 1;
	puts("ready");
	fflush(stdout);
	for (;;)
		pause();
}
