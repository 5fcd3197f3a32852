/* SPDX-License-Identifier: MIT */
/* x86_64: the clock, and the pc in a frame. */
#ifndef BENCH_ARCH_H
#define BENCH_ARCH_H

#include <stdint.h>
#include <ucontext.h>
#include <x86intrin.h>

/* Under --icount the time stamp counter advances by one an instruction. */
static inline uint64_t now(void)
{
	return __rdtsc();
}

static inline void cpu_pause(void)
{
	_mm_pause();
}

/* The line of /proc/interrupts that counts what one CPU asked another to do. */
#define CALL_INTERRUPTS	"CAL:"

/* Of restart(), code.S: turns for a sequence of so many instructions; those of a round. */
#define RESTART_TURNS(length)	(((length) - 2) / 2)
#define RESTART_ROUND(length)	((length) + 2)

#define PC_OF(context)	((context)->uc_mcontext.gregs[REG_RIP])

#endif /* BENCH_ARCH_H */
