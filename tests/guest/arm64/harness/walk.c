// SPDX-License-Identifier: MIT
/*
 * The program's own instructions: all are 4 bytes long, and a breakpoint is a BRK.
 */
#include "../../harness/harness.h"
#include "../../harness/probe.h"

unsigned int walk(void (*run)(void), u64 start, u64 end, u64 *at, unsigned int room)
{
	unsigned int nr = 0;

	run();
	for (; start < end && nr < room; start += 4)
		at[nr++] = start;
	return nr;
}

static void put(void *at, u32 word)
{
	*(volatile u32 *)at = word;
	__builtin___clear_cache(at, (char *)at + 4);
}

u32 breakpoint_insert(void *at)
{
	u32 was = *(u32 *)at;

	put(at, 0xd4200000);			/* brk #0 */
	return was;
}

void breakpoint_remove(void *at, u32 was)
{
	put(at, was);
}

bool landing_pads_needed(const void *start, const void *end)
{
	u64 first = (u64)start & -(u64)page_size();

	return !mprotect((void *)first, (u64)end - first, PROT_READ | PROT_WRITE | PROT_EXEC | PROT_BTI);
}
