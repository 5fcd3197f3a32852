// SPDX-License-Identifier: MIT
/*
 * UNREG-4, UNREG-5: once UNREGISTER has returned nothing is diverted any more by what
 * was removed, in any thread; what it counted is free again.
 *
 * Method: threads fault, and spin under preemption and signals, without pause, in a
 * probe that is registered and unregistered over and over. Each reads, before an
 * attempt, whether the page is unregistered, and, after it, whether it has been so all
 * the time: then a diversion is a failure. Proof: many such attempts, and, as the
 * twin, diversions in the times between.
 */
#include "probe.h"

#define VALUE	0x1000
#define ROUNDS	40

/* Even: unregistered since; odd: registered, or about to be. */
static volatile u32 generation;
static volatile u32 stop;
static u8 *p;

struct tally {
	u64 quiet, late, diverted;
};
static struct tally fault_tally, event_tally[2];

static void count(struct tally *t, u32 before, bool hit)
{
	bool quiet = !(before & 1) && before == generation;

	t->quiet += quiet;
	t->late += quiet && hit;
	t->diverted += hit;
}

static void *fault_thread(void *arg)
{
	(void)arg;
	while (!stop) {
		u32 before = generation;

		count(&fault_tally, before, probe_load(p, NULL) != PROBE_FAULTED);
	}
	return NULL;
}

/* The attempt that counts begins when the spinner is inside. */
static void *event_thread(void *arg)
{
	int selector = (long)arg;
	struct spinner s;
	u32 before;
	u64 turns;

	pin(0);
	while (!stop) {
		spinner_start(&s, p, selector, 1);
		before = generation;
		turns = s.turns;
		/* It may have been diverted already, and not have come to say so. */
		if (!wait_until(s.turns > turns || s.done, 1000) || s.done) {
			spinner_end(&s);
			continue;
		}
		spinner_event(&s);
		count(&event_tally[selector], before, spinner_end(&s) != 0);
	}
	return NULL;
}

#define ENOUGH 10

static bool seen_enough(void)
{
	return event_tally[0].quiet > ENOUGH && event_tally[1].quiet > ENOUGH;
}

/*
 * Something of both events counted in this phase; or not, in time.  An attempt has to fit into a phase, however
 * long a busy host takes for one.
 */
static void wait_for_events(bool registered)
{
	static unsigned int ms = 60;
	const volatile u64 *a = registered ? &event_tally[0].diverted : &event_tally[0].quiet;
	const volatile u64 *b = registered ? &event_tally[1].diverted : &event_tally[1].quiet;
	u64 a_before = *a, b_before = *b;

	if (!wait_until(*a > a_before && *b > b_before, ms) && ms < 1000)
		ms += ms / 4;
}

static void report(const struct tally *t, const char *name)
{
	diag("%s: %llu attempts while unregistered, %llu diversions otherwise", name,
	     (unsigned long long)t->quiet, (unsigned long long)(t->diverted - t->late));
	final(is(t->late, 0, "%s: no diversion once UNREGISTER has returned", name));
	ok(t->quiet > ENOUGH, "%s: there were attempts to see it", name);
	ok(t->diverted > ENOUGH, "%s: twin: registered, it diverts", name);
}

void test(void)
{
	pthread_t threads[3];
	u64 end;
	int i;

	need_estp();
	need_cpus(2);
	pin(0);
	p = probe_new(VALUE);
	must(!pthread_create(&threads[0], NULL, fault_thread, NULL));
	must(!pthread_create(&threads[1], NULL, event_thread, (void *)(long)ESTP_PREEMPTION));
	must(!pthread_create(&threads[2], NULL, event_thread, (void *)(long)ESTP_INTERRUPT));
	end = now_ms() + 40000;
	for (i = 0; now_ms() < end && (i < ROUNDS || !seen_enough()); i++) {
		generation++;
		must(!probe_register(p));
		wait_for_events(true);
		must(!madv_unregister(p, 1));
		generation++;
		wait_for_events(false);
	}
	stop = 1;
	for (i = 0; i < 3; i++)
		must(!pthread_join(threads[i], NULL));
	report(&fault_tally, "FAULT");
	report(&event_tally[ESTP_PREEMPTION], "PREEMPTION");
	report(&event_tally[ESTP_INTERRUPT], "INTERRUPT");
	ok(wait_until(!stats().pages, 2000), "no page is left");
	is(stats().sequences, 0, "no sequence is left");
}
