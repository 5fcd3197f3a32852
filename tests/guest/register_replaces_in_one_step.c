// SPDX-License-Identifier: MIT
/*
 * REG-14, REG-16, REG-18: a page that is registered again over itself, or whose table is,
 * leads each event to the old response or to the new one, never past both; a refused
 * registration in between is not seen by any event; when the call has returned, only
 * the new response is taken.
 *
 * Method: threads fault, and spin under forced preemption and signals, on one probe,
 * while the main thread registers it with the one response and the other in turn,
 * with malformed attempts in between. Each pass through a sequence that ends in
 * neither response is a failure. Proof: both responses are seen, often, by the
 * threads. After each call the main thread's own fault must go to the new response.
 * The twin is unregistration in place of replacement: then passes without a diversion
 * are seen at once.
 */
#include "probe.h"

#define VALUE	0x1000
#define ROUNDS	400
#define SEEN	20		/* of each event, at least */

static u8 *p;
static volatile u32 stop;

struct tally {
	u64 response[2], none, other;
};
static struct tally fault_tally, preempt_tally, interrupt_tally;

static void count(struct tally *t, long got, int selector, long none)
{
	if (got == PROBE_VALUE(VALUE, selector, 0))
		t->response[0]++;
	else if (got == PROBE_VALUE(VALUE, selector, 1))
		t->response[1]++;
	else if (got == none)
		t->none++;
	else
		t->other++;
}

static void *fault_thread(void *arg)
{
	(void)arg;
	while (!stop)
		count(&fault_tally, probe_load(p, NULL), ESTP_FAULT, PROBE_FAULTED);
	return NULL;
}

/* One spinner after the other, each brought out by one event. */
static void *event_thread(void *arg)
{
	struct tally *t = arg;
	int selector = t == &preempt_tally ? ESTP_PREEMPTION : ESTP_INTERRUPT;
	struct spinner s;

	pin(0);
	while (!stop) {
		spinner_start(&s, p, selector, 1);
		spinner_event(&s);
		count(t, spinner_end(&s), selector, 0);
	}
	return NULL;
}

static u64 seen(const struct tally *t)
{
	return t->response[0] + t->response[1];
}

static void run(void (*change)(int which), unsigned int rounds)
{
	struct tally *const tallies[] = { &fault_tally, &preempt_tally, &interrupt_tally };
	pthread_t threads[3];
	unsigned int i;
	u64 end = now_ms() + 4000 * slowness();

	stop = 0;
	memset(&fault_tally, 0, sizeof(fault_tally));
	memset(&preempt_tally, 0, sizeof(preempt_tally));
	memset(&interrupt_tally, 0, sizeof(interrupt_tally));
	must(!pthread_create(&threads[0], NULL, fault_thread, NULL));
	must(!pthread_create(&threads[1], NULL, event_thread, &preempt_tally));
	must(!pthread_create(&threads[2], NULL, event_thread, &interrupt_tally));
	for (i = 0; i < rounds; i++)
		change(i % 2);
	/* On a busy machine: until there was something to see. */
	for (; now_ms() < end && (seen(&interrupt_tally) < SEEN || seen(&preempt_tally) < SEEN); i++)
		change(i % 2);
	stop = 1;
	for (i = 0; i < ARRAY_LEN(threads); i++)
		must(!pthread_join(threads[i], NULL));
	for (i = 0; i < ARRAY_LEN(tallies); i++)
		diag("%s: %llu and %llu, none %llu, other %llu",
		     i == 0 ? "FAULT" : i == 1 ? "PREEMPTION" : "INTERRUPT",
		     (unsigned long long)tallies[i]->response[0],
		     (unsigned long long)tallies[i]->response[1],
		     (unsigned long long)tallies[i]->none,
		     (unsigned long long)tallies[i]->other);
}

static u64 wrong, checked;

static void see(int which)
{
	checked++;
	wrong += probe_load(p, NULL) != PROBE_VALUE(VALUE, ESTP_FAULT, which);
}

static void change_page(int which)
{
	u64 *word = (u64 *)p, good;

	probe_header(p, which);
	must(!probe_register(p));
	see(which);
	good = word[0];
	word[0] = 0;
	wrong += probe_register(p) != -ENOEXEC;
	see(which);
	word[0] = good;
}

static void change_table(int which)
{
	struct table t;

	must(!probe_register_table(p, which));
	see(which);
	table_init(&t, p);
	probe_entries(&t, p, !which);
	t.entry[2].length = 0;
	wrong += table_register(&t) != -ENOEXEC;
	table_free(&t);
	see(which);
}

static void come_and_go(int which)
{
	must(!madv_unregister(p, page_size()));
	sleep_us(100);
	probe_header(p, which);
	must(!probe_register(p));
}

static void never_past(const struct tally *t, const char *layout, const char *selector)
{
	final(is(t->none + t->other, 0, "%s, %s: one response or the other, always", layout, selector));
	ok(t->response[0] && t->response[1], "%s, %s: both were met", layout, selector);
}

static void replaced(void (*change)(int which), const char *layout)
{
	wrong = checked = 0;
	run(change, ROUNDS);
	never_past(&fault_tally, layout, "FAULT");
	never_past(&preempt_tally, layout, "PREEMPTION");
	never_past(&interrupt_tally, layout, "INTERRUPT");
	is(wrong, 0, "%s: after each of %llu calls its own response is taken, or the old one if "
	   "it was refused", layout, (unsigned long long)checked);
}

void test(void)
{
	need_estp();
	need_cpus(2);
	pin(0);
	p = probe_new(VALUE);
	must(!probe_register(p));
	replaced(change_page, "page");
	must(!probe_register_table(p, 0));
	replaced(change_table, "table");

	must(!madv_unregister(p, page_size()));
	must(!probe_register(p));
	run(come_and_go, 100);
	ok(fault_tally.none, "twin: with unregistration in between faults are missed");
}
