// SPDX-License-Identifier: MIT
/*
 * PRE-1, PRE-2, FEN-4, FEN-8: a thread in a span whose CPU goes offline is moved, and diverted;
 * a fence of an offline CPU has nothing to do; fences, registrations and diversions go on
 * while a CPU comes and goes.
 *
 * Method: a victim, pinned to the last CPU, waits in a span; that CPU is taken offline. It
 * must then stand at the response, on another CPU. The twin is moved likewise and goes on
 * where it was. Then the CPU comes and goes while threads fence, register and are probed, of which the last is on that
 * CPU each time.
 *
 * vm: --timeout 200
 * alone: a CPU that does not come back would be missed by others
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define RESPONSE	1
#define LET_GO		2
#define VALUE		0x1000
#define ROUNDS		6

static char online[64];

static void set_online(bool on)
{
	int err = write_file(online, on ? "1" : "0");

	if (err)
		bail("%s: %s", online, strerror(-err));
}

static void moved(struct code *c, u32 entry, u32 go, int layout, bool registered, int cpu)
{
	struct victim v = { .code = c, .entry = entry, .cpu = cpu };
	const char *name = registered ? layout_names[layout] : "twin";
	u64 before;
	u32 landed, tries = 0;
	bool early;

	if (registered)
		must(!code_register(c, layout));
	/* What else runs on that CPU may have preempted it already: then anew. */
	do {
		before = diverted(ESTP_PREEMPTION);
		code_reset(c);
		victim_start(&v);
		early = diverted(ESTP_PREEMPTION) != before;
		if (early)
			victim_join(&v, 3000);
	} while (early && ++tries < 20);
	if (early)
		bail("%s: no victim stays until its CPU goes", name);
	set_online(false);
	is(madv_fence_cpu(cpu), 0, "%s: a fence of the CPU that is gone is 0", name);
	if (registered) {
		wait_until(c->data->landed, 3000);
	} else {
		/* Proved by its switches: it runs elsewhere, in the span still. */
		u64 switches = switches_of(v.tid);

		pin_tid(v.tid, 0);
		ok(wait_until(switches_of(v.tid) > switches, 3000), "%s: it is moved", name);
		is(c->data->landed, LANDED_NOWHERE, "%s: it is where it was", name);
		code_let_go(c, 0, go);
	}
	landed = victim_join(&v, 3000);
	is(landed, registered ? RESPONSE : LET_GO, "%s: it goes on %s", name,
	   registered ? "at the response" : "there");
	if (registered)
		ok(diverted(ESTP_PREEMPTION) > before, "%s: diverted", name);
	set_online(true);
	if (registered)
		must(!code_unregister(c));
}

static volatile u32 stop;
static volatile u32 fences, registrations, probes;
static volatile pid_t prober;
static u32 wrong;

static void *fencing(void *cpu)
{
	while (!stop) {
		if (madv_fence_cpu((long)cpu))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		if (madv_fence())
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		fences++;
	}
	return NULL;
}

static void *registering(void *p)
{
	while (!stop) {
		if (madv_register(p, page_size()))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		if (madv_unregister(p, page_size()))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		registrations++;
	}
	return NULL;
}

static void *probing(void *p)
{
	prober = gettid_();
	while (!stop) {
		if (probe_fault(p, VALUE))
			__atomic_add_fetch(&wrong, 1, __ATOMIC_RELAXED);
		probes++;
	}
	return NULL;
}

void test(void)
{
	struct code *c = code_new(1);
	int cpu = cpus_nr() - 1, i, went_on = 0, left = 0;
	u32 entry, start, end, go, response;
	pthread_t thread[3];
	void *still, *changing;

	need_cpus(2);
	need_estp_and_counters();
	snprintf(online, sizeof(online), "/sys/devices/system/cpu/cpu%d/online", cpu);
	if (access(online, W_OK))
		skip_all("this machine's CPUs do not go offline");
	pin(0);
	entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	moved(c, entry, go, ESTP_LAYOUT_PAGE, true, cpu);
	moved(c, entry, go, ESTP_LAYOUT_TABLE, true, cpu);
	moved(c, entry, go, 0, false, cpu);
	code_free(c);

	still = probe_new(VALUE);
	changing = probe_new(VALUE + 0x100);
	must(!probe_register(still));
	must(!pthread_create(&thread[0], NULL, fencing, (void *)(long)cpu));
	must(!pthread_create(&thread[1], NULL, registering, changing));
	must(!pthread_create(&thread[2], NULL, probing, still));
	must(wait_until(prober, 3000));
	for (i = 0; i < ROUNDS; i++) {
		u32 f, r, n;

		/* Going, the kernel lets it run anywhere. */
		pin_tid(prober, cpu);
		must(wait_until(stat_number(prober, STAT_CPU) == (unsigned long)cpu, 3000));
		set_online(false);
		f = fences;
		r = registrations;
		n = probes;
		/* One of each that began without that CPU, and ended. */
		went_on += wait_until(fences > f + 1 && registrations > r + 1 && probes > n + 1, 3000);
		left += stat_number(prober, STAT_CPU) != (unsigned long)cpu;
		set_online(true);
	}
	stop = 1;
	for (i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
	is(went_on, ROUNDS, "each time that a CPU is gone fences, registrations and probes go on");
	is(left, ROUNDS, "a thread that is probed has been on it, and elsewhere since");
	diag("%u fences, %u registrations, %u probes", fences, registrations, probes);
	final(is(wrong, 0, "none of them failed"));
}
