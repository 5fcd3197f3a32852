// SPDX-License-Identifier: MIT
/*
 * CPU-4: with a token for it, operations index by mm_cid: numbers of a process that are
 * dense, whatever CPUs its threads are on. A kernel that has none (before 6.3) is told of.
 *
 * Method: a process with one thread has mm_cid 0 on any CPU; several threads at once have
 * different ones. Operations at every instruction and in storms do not differ but in
 * what number they load; here they count exactly while threads are preempted and moved.
 */
#include <sys/auxv.h>

#include "operations.h"

#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE 27		/* 6.3; headers of a cross compiler may be older */
#endif

static volatile bool stop;
static u64 made;

static void *work(void *unused)
{
	u64 nr = 0;
	int n;

	for (; !stop; nr++) {
		must(!operations[nr % 4 ? 0 : 9].once());
		n = estp_cpu_number(cpu);
		must(n >= 0 && n < estp_percpu_nr());
	}
	__atomic_fetch_add(&made, nr, __ATOMIC_RELAXED);
	return NULL;
}

static void alone(void *unused)
{
	int i;

	for (i = 0; i < cpus_nr(); i++) {
		pin(i);
		if (estp_cpu_number(cpu))
			_exit(1);
	}
	_exit(0);
}

static void count(void)
{
	u64 before = diverted(ESTP_PREEMPTION), end = now_ms() + 15000, found = 0;
	pthread_t thread[8];
	unsigned int i, n;

	operations_reset();
	stop = false;
	made = 0;
	for (i = 0; i < ARRAY_LEN(thread); i++)
		must(!pthread_create(&thread[i], NULL, work, NULL));
	for (n = 0; n < 500 || (diverted(ESTP_PREEMPTION) - before < 50 && now_ms() < end); n++)
		preempt(n % cpus_nr());
	stop = true;
	for (i = 0; i < ARRAY_LEN(thread); i++)
		must(!pthread_join(thread[i], NULL));
	for (i = 0; i < (unsigned int)estp_percpu_nr(); i++)
		found += count_of(i);
	final(is(found, made, "all are counted"));
	ok(diverted(ESTP_PREEMPTION) - before >= 50, "with %llu diversions",
	   (unsigned long long)(diverted(ESTP_PREEMPTION) - before));
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	set_fifo(0, 10);
	/* What the kernel keeps of rseq's area, up to mm_cid's end. */
	if (getauxval(AT_RSEQ_FEATURE_SIZE) < 28) {
		is(estp_cid(&cpu), -EOPNOTSUPP, "a kernel without mm_cid: no token");
		is(estp_cpu(&cpu), 0, "one for the CPU's number there is");
		return;
	}
	is(estp_cid(&cpu), 0, "a token");
	must(!strcmp(operations[0].name, "add") && !strcmp(operations[9].name, "compare_store"));
	ok(exited_with(run_child(alone, NULL, 10), 0), "alone, it is 0 on any CPU");
	count();
}
