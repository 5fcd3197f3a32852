// SPDX-License-Identifier: MIT
/*
 * The program's own instructions: found by single steps, and replaced by INT3.
 */
#include "../../harness/harness.h"

static u64 from, to, *found;
static unsigned int max;
static volatile unsigned int nr;

static void step(int sig, siginfo_t *info, void *context)
{
	u64 pc = frame_pc(context);
	unsigned int i;

	for (i = 0; i < nr && found[i] != pc; i++)
		;
	if (pc >= from && pc < to && i == nr && i < max)
		found[nr++] = pc;
}

static void set_trap_flag(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushf; orl $0x100, (%%rsp);"
			 "popf; lea 128(%%rsp), %%rsp" : : : "memory", "cc");
}

static void clear_trap_flag(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushf; andl $~0x100, (%%rsp);"
			 "popf; lea 128(%%rsp), %%rsp" : : : "memory", "cc");
}

unsigned int walk(void (*run)(void), u64 start, u64 end, u64 *at, unsigned int room)
{
	struct sigaction a = { .sa_sigaction = step, .sa_flags = SA_SIGINFO };

	from = start;
	to = end;
	found = at;
	max = room;
	nr = 0;
	must(!sigaction(SIGTRAP, &a, NULL));
	set_trap_flag();
	run();
	clear_trap_flag();
	return nr;
}

u32 breakpoint_insert(void *at)
{
	u8 was = *(u8 *)at;

	*(volatile u8 *)at = 0xcc;
	return was;
}

void breakpoint_remove(void *at, u32 was)
{
	*(volatile u8 *)at = (u8)was;
}

/* The kernel has indirect branch tracking for itself alone. */
bool landing_pads_needed(const void *start, const void *end)
{
	(void)start;
	(void)end;
	return false;
}
