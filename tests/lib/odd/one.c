/* SPDX-License-Identifier: MIT */
#include "odd.h"

static long early;
static int early_fault = -1;

__attribute__((constructor)) static void constructor(void)
{
	early_fault = odd_add(&early, 1);
}

int odd_in_constructor(long *p)
{
	(void)p;
	return early == 1 ? early_fault : 1;
}

int odd_here(long *p)
{
	return odd_add(p, 1);
}

int odd_unrolled(long *p)
{
	int error = 0;
	long i;

	for (i = 0; i < 4; i++)
		error |= odd_add(p, i);
	return error;
}

__attribute__((cold, noinline)) int odd_in_cold(long *p)
{
	return odd_add(p, 1);
}

__attribute__((cold, noinline)) void odd_note(void);
__attribute__((cold, noinline)) void odd_note(void)
{
	__asm__ volatile("");
}

__attribute__((noinline)) int odd_in_cold_part(long *p)
{
	int error;

	if (__builtin_expect(!!early, 1)) {
		odd_note();
		error = odd_add(p, 1);
		odd_note();
		return error | odd_add(p, 2);
	}
	return odd_add(p, 3);
}
