// SPDX-License-Identifier: MIT
/*
 * SIG-1, SIG-2, PRE-8: handlers that sleep and migrate in the middle of PREEMPTION
 * sequences do no harm: no frame ever holds a pc inside one, and per-CPU counters lose
 * nothing.
 *
 * Method: two threads for each CPU increment the counter of the CPU they are on by
 * plain load, add and store, each with a timer of its own that sends it a signal soon after
 * the last: on a slow machine, too, it gets on between them.
 * The handler looks at its frame's pc, sleeps, and moves its thread to another CPU.
 * The twin's frames hold such pcs, and it loses increments.
 */
#include "harness.h"

#define SPINS	400
#define RUN_MS	1500
#define SLOWER_MS 8000			/* more, until there are so many signals */
#define ENOUGH	400

typedef void add_fn(u64 *counters, const u32 *cpu, u64 spins);

static add_fn *add_one;
static u64 span_start, span_end;
static u64 *counters;
static volatile bool stop;
static volatile unsigned long signals_nr, inside_nr;

static __thread timer_t timer;

static void set_timer(void)
{
	struct itimerspec soon = { .it_value.tv_nsec = 1100000 };

	must(!timer_settime(timer, 0, &soon, NULL));
}

struct worker {
	pthread_t thread;
	u64 done;
};

static void move_about(int sig, siginfo_t *info, void *context)
{
	u64 pc = frame_pc(context);
	static unsigned int turn;
	cpu_set_t set;

	__atomic_add_fetch(&signals_nr, 1, __ATOMIC_RELAXED);
	if (pc >= span_start && pc < span_end)
		__atomic_add_fetch(&inside_nr, 1, __ATOMIC_RELAXED);
	sleep_us(100);
	CPU_ZERO(&set);
	CPU_SET(__atomic_add_fetch(&turn, 1, __ATOMIC_RELAXED) % cpus_nr(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	/* Then the timer may be gone. */
	if (!stop)
		set_timer();
}

static void *work(void *arg)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	const u32 *cpu = cpu_number();
	struct worker *w = arg;

	event._sigev_un._tid = gettid_();
	must(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	set_timer();
	while (!stop) {
		add_one(counters, cpu, SPINS);
		w->done++;
	}
	timer_delete(timer);
	return NULL;
}

static u64 run(u64 *counted)
{
	int cpus = cpus_nr(), nr = 2 * cpus, i;
	struct worker *workers = calloc(nr, sizeof(*workers));
	u64 made = 0, end;

	counters = calloc(cpus * PERCPU_STRIDE, sizeof(u64));
	must(workers && counters);
	signals_nr = inside_nr = 0;
	stop = false;
	for (i = 0; i < nr; i++)
		must(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	sleep_us(RUN_MS * 1000);
	for (end = now_ms() + SLOWER_MS; signals_nr < ENOUGH && now_ms() < end; )
		sleep_us(20000);
	stop = true;
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
	struct sigaction action = { .sa_sigaction = move_about, .sa_flags = SA_SIGINFO | SA_RESTART };
	struct percpu_add add;
	u64 made, counted, before;
	struct code *c;
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	must(!sigaction(SIGUSR1, &action, NULL));
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		c = code_new(1);
		add = emit_percpu_add(c);
		code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = add.start,
						.end = add.end, .response = add.start });
		code_seal(c);
		add_one = (add_fn *)code_addr(c, add.start);
		/* The response is the start: a pc there is right, as is any outside. */
		span_start = (u64)code_addr(c, add.start) + 1;
		span_end = (u64)code_addr(c, add.end);

		must(!code_register(c, layouts[i]));
		before = diverted(ESTP_PREEMPTION);
		made = run(&counted);
		final(is(inside_nr, 0, "%s: none of %lu frames holds a pc inside", layout_names[i], signals_nr));
		final(is(counted, made, "of %llu increments none is lost", (unsigned long long)made));
		ok(signals_nr > 50, "there were signals");
		ok(diverted(ESTP_PREEMPTION) - before > 50, "and %llu diversions",
		   (unsigned long long)(diverted(ESTP_PREEMPTION) - before));

		must(!code_unregister(c));
		made = run(&counted);
		ok(inside_nr > 10, "twin: %lu of %lu frames hold a pc inside", inside_nr, signals_nr);
		ok(counted < made, "twin: %llu of %llu increments are lost",
		   (unsigned long long)(made - counted), (unsigned long long)made);
		code_free(c);
	}
}
