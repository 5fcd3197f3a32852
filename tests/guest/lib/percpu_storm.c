// SPDX-License-Identifier: MIT
/*
 * CPU-7: operations are exact whatever preempts, migrates and signals the threads that do
 * them, and although the signals' handlers do them, too.
 *
 * Method: for each operation four threads a CPU do nothing else, while the main thread
 * preempts, migrates and signals them, until there were enough diversions. What they and
 * the handlers count for themselves and what the data says must be the same. The twin,
 * the same program unregistered, is disturbed until it is not, which is bounded by time
 * only: it has to go wrong.  Additions have their twin in percpu_add_follows_thread.c:
 * theirs commits with one instruction, so that only two CPUs that do it at once lose.
 */
#include "operations.h"

#define DIVERSIONS	100
#define TWIN_MS		20000
#define STORM_MS	40000		/* on a starved host */

/* vm: --timeout 700 */
const unsigned int test_seconds = 680;

static const struct operation *op;
static volatile bool stop;
static volatile u32 strange;

struct worker {
	pthread_t thread;
	volatile pid_t tid;
	volatile u64 done, handled;
};
static _Thread_local struct worker *me;

static bool once(void)
{
	int result = op->once();

	if (result && !(result == 1 && !op->done))	/* all nodes are in use */
		strange++;
	return !result;
}

static void handler(int sig)
{
	int saved = errno;

	if (me)
		me->handled += once();
	errno = saved;
}

static void *work(void *arg)
{
	struct worker *w = arg;

	me = w;
	w->tid = gettid_();
	while (!stop)
		w->done += once();
	return NULL;
}

struct result {
	u64 made, handled, found, diversions;
	bool right;
};

static void count(struct result *r, struct worker *workers, int nr)
{
	intptr_t nodes = 0;
	int i;

	r->made = r->handled = r->found = 0;
	for (i = 0; i < nr; i++) {
		r->made += workers[i].done + workers[i].handled;
		r->handled += workers[i].handled;
	}
	r->right = !strange && !taken_twice;
	for (i = 0; i < estp_percpu_nr(); i++) {
		if (op->done)
			r->found += op->done(i);
		nodes += nodes_of(i);
		if (op->holds)
			r->right = r->right && op->holds(i);
	}
	if (!op->done)
		r->found = r->made - taken_twice - llabs(nodes - NODES * estp_percpu_nr());
	r->right = r->right && r->found == r->made;
}

/* One round; with less to do than that nothing is proved. */
static void storm(struct result *r, unsigned int rounds)
{
	int cpus = cpus_nr(), nr = 4 * cpus, i;
	struct worker *workers = calloc(nr, sizeof(*workers));
	u64 before = diverted(ESTP_PREEMPTION);
	unsigned int n;

	must(workers);
	operations_reset();
	stop = false;
	for (i = 0; i < nr; i++)
		must(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	for (i = 0; i < nr; i++)
		wait_until(workers[i].tid, 5000);
	for (n = 0; n < rounds; n++) {
		pid_t tid = workers[n % nr].tid;

		pin_tid(tid, (n / nr + n) % cpus);
		preempt(n % cpus);
		syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		sleep_us(100);
	}
	stop = true;
	for (i = 0; i < nr; i++)
		must(!pthread_join(workers[i].thread, NULL));
	count(r, workers, nr);
	r->diversions = diverted(ESTP_PREEMPTION) - before;
	free(workers);
}

static void registered(void)
{
	struct result r, all = { .right = true };
	u64 end = now_ms() + STORM_MS;

	do {
		storm(&r, 500);
		all.made += r.made;
		all.found += r.found;
		all.handled += r.handled;
		all.diversions += r.diversions;
		all.right = all.right && r.right;
	} while (all.right && all.diversions < DIVERSIONS && now_ms() < end);
	final(ok(all.right && all.made == all.found, "%s: %llu done, %llu of them by handlers, %llu found",
	   op->name, (unsigned long long)all.made, (unsigned long long)all.handled,
	   (unsigned long long)all.found));
	ok(all.diversions >= DIVERSIONS && all.handled > 100, "%s: with %llu diversions", op->name,
	   (unsigned long long)all.diversions);
}

static void twin(void)
{
	u64 end = now_ms() + TWIN_MS, made = 0;
	struct result r;

	do {
		storm(&r, 500);
		made += r.made;
	} while (r.right && now_ms() < end);
	ok(!r.right, "twin: %s: after %llu, %llu of %llu are lost", op->name,
	   (unsigned long long)made, (unsigned long long)(r.made - r.found),
	   (unsigned long long)r.made);
	is(r.diversions, 0, "twin: no diversion");
}

void test(void)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = SA_RESTART };
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	set_fifo(0, 10);		/* the one who disturbs does not starve */
	must(!sigaction(SIGUSR1, &action, NULL));
	must(!estp_cpu(&cpu));
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		op = &operations[i];
		if (!op->single_only)
			registered();
	}
	operations_unregister();
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		op = &operations[i];
		if (!op->single_only && !op->adds)
			twin();
	}
}
