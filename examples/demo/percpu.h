/* SPDX-License-Identifier: MIT */
/* Per-CPU counters, and the sequence that counts: see <isa>/percpu.S. */
#ifndef PERCPU_H
#define PERCPU_H

#include <stdint.h>

#define PERCPU_LEN	64

struct percpu {
	uint64_t value;
} __attribute__((aligned(PERCPU_LEN)));

/* Return: how often it was begun; one more than it was restarted. */
unsigned long percpu_add(struct percpu *counters, const volatile uint32_t *cpu);

extern const char percpu_start[] __attribute__((visibility("hidden")));
extern const char percpu_end[] __attribute__((visibility("hidden")));

/** percpu_new() - zeroed counters for every CPU there may be */
struct percpu *percpu_new(void);

/** percpu_sum() - what they have counted together */
uint64_t percpu_sum(const struct percpu *counters);

/** percpu_cpus() - how many counters there are */
unsigned int percpu_cpus(void);

/**
 * percpu_own_cpu() - where the kernel keeps this thread's CPU number
 *
 * Return: a field of the thread's rseq area, which glibc registers; NULL without.
 */
const volatile uint32_t *percpu_own_cpu(void);

#endif /* PERCPU_H */
