// SPDX-License-Identifier: MIT
/*
 * CPU-7: what a thread adds that has been moved to another CPU is added there.
 *
 * Method: one thread adds, and is moved between two CPUs; each time, what the CPU that it
 * has left holds is looked at when it is off it, and again when the thread has added more.
 * Nobody else adds: any difference was added from elsewhere. The twin, unregistered, does
 * that sooner or later.
 */
#include "operations.h"

#define MOVES		300
#define TWIN_MS		20000

/* vm: --timeout 220 */
const unsigned int test_seconds = 200;

static const struct operation *op;
static volatile bool stop;
static volatile u64 done;
static volatile pid_t tid;

static void *work(void *arg)
{
	tid = gettid_();
	while (!stop) {
		must(!op->once());
		done++;
	}
	return NULL;
}

/* How often something was added to the CPU that the thread was not on any more. */
static unsigned int misplaced(bool twin, unsigned int *moves)
{
	u64 end = now_ms() + TWIN_MS, before = diverted(ESTP_PREEMPTION), mark, sum = 0;
	intptr_t left;
	pthread_t thread;
	unsigned int n = 0;
	int from = 0;

	operations_reset();
	stop = false;
	done = tid = 0;
	must(!pthread_create(&thread, NULL, work, NULL));
	must(wait_until(tid, 5000));
	pin_tid(tid, from);
	/* Until there were enough to tell, if that does not take too long. */
	for (*moves = 0; *moves < MOVES || now_ms() < end; ++*moves) {
		if (*moves >= MOVES && (twin ? n : diverted(ESTP_PREEMPTION) - before > 20))
			break;
		mark = done;
		must(wait_until(done > mark + 1, 10000));
		pin_tid(tid, !from);
		left = op->done(from);
		mark = done;
		must(wait_until(done > mark + 1, 10000));
		n += op->done(from) != left;
		from = !from;
	}
	stop = true;
	must(!pthread_join(thread, NULL));
	/* Before it was moved for the first time it may have been anywhere. */
	for (from = 0; from < cpus_nr(); from++)
		sum += op->done(from);
	is(sum, done, "%s%s: all are there", twin ? "twin: " : "", op->name);
	return n;
}

void test(void)
{
	unsigned int i, moves, n;

	need_estp_and_counters();
	need_cpus(2);
	must(!estp_cpu(&cpu));
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		u64 before = diverted(ESTP_PREEMPTION);

		op = &operations[i];
		if (!op->adds)
			continue;
		n = misplaced(false, &moves);
		final(is(n, 0, "%s: none is misplaced", op->name));
		ok(diverted(ESTP_PREEMPTION) - before > 20, "%s: %llu diversions by %u moves", op->name,
		   (unsigned long long)(diverted(ESTP_PREEMPTION) - before), moves);
	}
	operations_unregister();
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		op = &operations[i];
		if (!op->adds)
			continue;
		n = misplaced(true, &moves);
		ok(n, "twin: %s: %u misplaced by %u moves", op->name, n, moves);
	}
}
