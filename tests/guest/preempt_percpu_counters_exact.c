// SPDX-License-Identifier: MIT
/*
 * PRE-8, PRE-1: a sequence that reaches its commit has run on one CPU, alone:
 * per-CPU counters, incremented by plain load, add and store, lose nothing.
 *
 * Method: four threads for each CPU increment the counter of the CPU they are
 * on, with a long way between load and store, while the main thread preempts and
 * migrates them. What they count for themselves and what the counters hold must
 * be the same, and diversions must have happened. The twin, unregistered, loses.
 */
#include "harness.h"

#define SPINS	400
#define RUN_MS	1500

typedef void add_fn(u64 *counters, const u32 *cpu, u64 spins);

static struct {
	add_fn *add;
	u64 *counters;
	volatile bool stop;
} shared_work;

struct worker {
	pthread_t thread;
	volatile pid_t tid;
	u64 done;
};

static void *work(void *arg)
{
	struct worker *w = arg;
	const u32 *cpu = cpu_number();

	w->tid = gettid_();
	while (!shared_work.stop) {
		shared_work.add(shared_work.counters, cpu, SPINS);
		w->done++;
	}
	return NULL;
}

/* Runs it once; the increments made, and in *counted those that are there. */
static u64 run(struct code *c, u32 start, u64 *counted)
{
	int cpus = cpus_nr(), nr = 4 * cpus, i;
	struct worker *workers = calloc(nr, sizeof(*workers));
	u64 *counters = calloc(cpus * PERCPU_STRIDE, sizeof(u64));
	u64 made = 0, end, n = 0;

	must(workers && counters);
	shared_work.add = (add_fn *)code_addr(c, start);
	shared_work.counters = counters;
	shared_work.stop = false;
	for (i = 0; i < nr; i++)
		must(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	for (i = 0; i < nr; i++)
		wait_until(workers[i].tid, 5000);
	for (end = now_ms() + RUN_MS; now_ms() < end; n++) {
		pin_tid(workers[n % nr].tid, (n / nr + n) % cpus);
		preempt(n % cpus);
		sleep_us(200);
	}
	shared_work.stop = true;
	for (i = 0; i < nr; i++) {
		must(!pthread_join(workers[i].thread, NULL));
		made += workers[i].done;
	}
	*counted = 0;
	for (i = 0; i < cpus; i++)
		*counted += counters[i * PERCPU_STRIDE];
	free(workers);
	free(counters);
	return made;
}

void test(void)
{
	u64 made, counted, before;
	struct percpu_add add;
	struct code *c;
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	set_fifo(0, 10);		/* the one who disturbs does not starve */
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		c = code_new(1);
		add = emit_percpu_add(c);
		code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = add.start,
						.end = add.end, .response = add.start });
		code_seal(c);
		must(!code_register(c, layouts[i]));
		before = diverted(ESTP_PREEMPTION);
		made = run(c, add.start, &counted);
		final(is(counted, made, "%s: no increment is lost", layout_names[i]));
		ok(made > 1000, "and there were %llu", (unsigned long long)made);
		ok(diverted(ESTP_PREEMPTION) - before > 50, "with %llu diversions",
		   (unsigned long long)(diverted(ESTP_PREEMPTION) - before));

		must(!code_unregister(c));
		before = diverted_all();
		made = run(c, add.start, &counted);
		ok(counted < made, "twin: %llu of %llu increments are lost",
		   (unsigned long long)(made - counted), (unsigned long long)made);
		is(diverted_all(), before, "twin: no diversion");
		code_free(c);
	}
}
