/* SPDX-License-Identifier: MIT */
/* arm64: the clock, and the pc in a frame. */
#ifndef BENCH_ARCH_H
#define BENCH_ARCH_H

#include <stdint.h>
#include <ucontext.h>

/* Under --icount the virtual counter, set to 1 GHz, advances by one an instruction. */
static inline uint64_t now(void)
{
	uint64_t t;

	__asm__ volatile("mrs %0, cntvct_el0" : "=r"(t) : : "memory");
	return t;
}

static inline void cpu_pause(void)
{
	__asm__ volatile("yield" : : : "memory");
}

/* The line of /proc/interrupts that counts what one CPU asked another to do. */
#define CALL_INTERRUPTS	"IPI1:"

/* Of restart(), code.S: turns for a sequence of so many instructions; those of a round. */
#define RESTART_TURNS(length)	(((length) - 4) / 2)
#define RESTART_ROUND(length)	((length) + 2)

#define PC_OF(context)	((context)->uc_mcontext.pc)

#endif /* BENCH_ARCH_H */
