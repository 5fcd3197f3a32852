// SPDX-License-Identifier: MIT
/* Per-CPU counters: the part that needs no sequence. */
#include <stdlib.h>
#include <string.h>
#include <sys/rseq.h>
#include <unistd.h>

#include "arch.h"
#include "percpu.h"

unsigned int percpu_cpus(void)
{
	return (unsigned int)sysconf(_SC_NPROCESSORS_CONF);
}

struct percpu *percpu_new(void)
{
	size_t len = percpu_cpus() * sizeof(struct percpu);
	struct percpu *counters = aligned_alloc(PERCPU_LEN, len);

	if (!counters)
		abort();
	return memset(counters, 0, len);
}

uint64_t percpu_sum(const struct percpu *counters)
{
	uint64_t sum = 0;
	unsigned int cpu;

	for (cpu = 0; cpu < percpu_cpus(); cpu++)
		sum += counters[cpu].value;
	return sum;
}

const volatile uint32_t *percpu_own_cpu(void)
{
	const struct rseq *area = (const void *)(thread_pointer() + __rseq_offset);

	return __rseq_size ? &area->cpu_id_start : NULL;
}
