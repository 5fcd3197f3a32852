// SPDX-License-Identifier: MIT
/*
 * PRE-6, PRE-2, FLT-4: a page fault that slept and was resolved is a
 * PREEMPTION: the thread goes on at the response, and does not load.
 *
 * Method: the span is one load, from a page that userfaultfd watches. The
 * fault sleeps until the page is filled in. The load must not have happened: no
 * register changed. The twin loads the value. A FAULT span over the same load
 * sees nothing: the fault was resolved.
 */
#include "harness.h"

#define PREEMPTED	1
#define LOADED		2
#define FAULTED		3
#define ROUNDS		50
/* A preemption before the load is legal and rare; then the round begins anew. */
#define BY_CHANCE	5
#define VALUE		0x1234567890ull

static int uffd;
static size_t page;

/* Waits until @v sleeps for @mem, and gives it its page; false if it came out without. */
static bool fill(void *mem, const struct victim *v)
{
	static u64 content[8192] __attribute__((aligned(65536)));
	void *at;

	while (!(at = userfault_next(uffd))) {
		if (v->done)
			return false;
		sched_yield();
	}
	must(at == mem);
	must(wait_asleep(v->tid, 2000));
	preempt(v->cpu);		/* about to sleep is not asleep yet */
	content[0] = VALUE;
	userfault_give(uffd, mem, content);
	return true;
}

/* Where a load that slept landed; 0 if none slept. */
static u32 round_of(struct victim *v, u32 seed)
{
	static unsigned int by_chance;
	bool slept;
	u32 landed;

	do {
		void *mem = mmap(NULL, page, PROT_READ | PROT_WRITE,
				 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		must(mem != MAP_FAILED);
		userfault_withhold(uffd, mem, page);
		regs_fill(&v->in, seed);
		regs_set_arg(&v->in, (u64)mem);
		code_reset(v->code);
		victim_start_with(v);
		slept = fill(mem, v);
		landed = victim_join(v, 2000);
		munmap(mem, page);
	} while (!slept && landed == PREEMPTED && by_chance++ < BY_CHANCE);
	return slept ? landed : 0;
}

void test(void)
{
	unsigned int landed = 0, intact = 0, loaded = 0, i;
	static struct victim v;
	struct code *c = code_new(1);
	u32 start, end, preempted, faulted;
	u64 before;

	need_estp_and_counters();
	need_cpus(2);
	page = sysconf(_SC_PAGESIZE);
	uffd = userfault_open();
	if (uffd < 0)
		skip_all("no userfaultfd: %s", strerror(errno));
	pin(0);

	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1 };
	v.entry = emit_inside(c);
	start = emit_load(c);
	end = c->at;
	emit_land(c, LOADED);
	preempted = emit_land(c, PREEMPTED);
	faulted = emit_land(c, FAULTED);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = preempted });
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = start,
					.end = end, .response = faulted });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	before = diverted(ESTP_PREEMPTION);
	for (i = 0; i < ROUNDS; i++) {
		landed += round_of(&v, i) == PREEMPTED;
		intact += !regs_diff(&v.out, &v.in, "after the fault");
	}
	is(landed, ROUNDS, "after each fault that slept it goes on at the response");
	is(intact, ROUNDS, "without having loaded, or any other change");
	ok(diverted(ESTP_PREEMPTION) - before >= ROUNDS, "the kernel counted the diversions");
	is(diverted(ESTP_FAULT), 0, "a resolved fault is no FAULT");

	must(!code_unregister(c));
	landed = 0;
	for (i = 0; i < 5; i++) {
		landed += round_of(&v, i) == LOADED;
		loaded += regs_value(&v.out) == VALUE;
	}
	ok(landed == 5 && loaded == 5, "twin: the load is done after the sleep");
	code_free(c);
}
