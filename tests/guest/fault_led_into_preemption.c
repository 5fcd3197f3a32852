// SPDX-License-Identifier: MIT
/*
 * EVT-3, EVT-4: FAULT comes first, at the faulting pc; a PREEMPTION that became
 * due while the fault slept is then judged where FAULT led: in a PREEMPTION span
 * it is applied there, elsewhere it is not.
 *
 * Method: a load that is both a FAULT and a PREEMPTION span sleeps on a page
 * that userfaultfd watches. Meanwhile the thread is made to move to the other
 * CPU, and the page is unmapped. The FAULT response lies in another PREEMPTION
 * span, whose response is where the thread must come out: it has migrated, and
 * what a sequence had begun in that span would be on the wrong CPU. In the second
 * part the FAULT response lies in no span, and nothing more must happen.
 */
#include "harness.h"

#define FAULT_RESPONSE	1	/* executed the FAULT response itself */
#define LOADED		2
#define SECOND		3	/* the response of the span around it */
#define LOAD_PREEMPTED	4	/* the load's own PREEMPTION response */
#define ROUNDS		100
/* A preemption before the load, or in the response itself, is legal and rare. */
#define BY_CHANCE	5

static int uffd;
static size_t page;

/* @around: the FAULT response lies in a PREEMPTION span. */
static struct code *make(bool around, u32 *entry)
{
	struct code *c = code_new(1);
	u32 start, end, response, response_end, second, preempted;

	*entry = emit_inside(c);
	start = emit_load(c);
	end = c->at;
	emit_land(c, LOADED);
	response = emit_nop(c);
	emit_mark(c, &c->data->mark[0], 1);
	response_end = c->at;
	emit_land(c, FAULT_RESPONSE);
	second = emit_land(c, SECOND);
	preempted = emit_land(c, LOAD_PREEMPTED);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = preempted });
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = start,
					.end = end, .response = response });
	if (around)
		code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = response,
						.end = response_end, .response = second });
	code_seal(c);
	return c;
}

static u32 round_of(struct victim *v, u32 seed)
{
	void *mem = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(mem != MAP_FAILED);
	userfault_withhold(uffd, mem, page);
	v->cpu = seed & 1;
	pin(!v->cpu);
	regs_fill(&v->in, seed);
	regs_set_arg(&v->in, (u64)mem);
	code_reset(v->code);
	victim_start_with(v);
	/* Told when it has queued itself to sleep. */
	while (!userfault_next(uffd)) {
		if (v->done)
			goto out;	/* preempted before it loaded */
		sched_yield();
	}
	must(wait_asleep(v->tid, 2000));
	pin_tid(v->tid, !v->cpu);
	pin(v->cpu);			/* leaves it the CPU that it wakes on */
	must(!munmap(mem, page));
	userfault_wake(uffd, mem);
	return victim_join(v, 5000);
out:
	must(!munmap(mem, page));
	return victim_join(v, 5000);
}

static void part(bool around, u32 expected)
{
	unsigned int landed[5] = { 0 }, half_done = 0, intact = 0, i;
	static struct victim v;
	u64 before = diverted(ESTP_FAULT);

	v = (struct victim) { .cpu = 0 };
	v.code = make(around, &v.entry);
	must(!code_register(v.code, around ? ESTP_LAYOUT_PAGE : ESTP_LAYOUT_TABLE));
	for (i = 0; i < ROUNDS; i++) {
		u32 where = round_of(&v, i);

		if (where < ARRAY_LEN(landed))
			landed[where]++;
		half_done += where == SECOND && v.code->data->mark[0];
		intact += !regs_diff(&v.out, &v.in, "after both");
	}
	diag("landed: FAULT response %u, its span's response %u, before the load %u",
	     landed[FAULT_RESPONSE], landed[SECOND], landed[LOAD_PREEMPTED]);
	ok(landed[expected] >= ROUNDS - BY_CHANCE, "the threads come out %s",
	   around ? "at the response of the span that FAULT led into" : "at the FAULT response");
	is(landed[FAULT_RESPONSE] + landed[SECOND] + landed[LOAD_PREEMPTED], ROUNDS,
	   "none anywhere else");
	ok(half_done <= BY_CHANCE, "no instruction of the span that FAULT led into was executed");
	is(intact, ROUNDS, "no register changed");
	ok(diverted(ESTP_FAULT) - before >= ROUNDS - BY_CHANCE, "the kernel counted the FAULTs");
	code_free(v.code);
}

void test(void)
{

	need_estp_and_counters();
	need_cpus(2);
	page = sysconf(_SC_PAGESIZE);
	uffd = userfault_open();
	if (uffd < 0)
		skip_all("no userfaultfd: %s", strerror(errno));
	part(true, SECOND);
	part(false, FAULT_RESPONSE);
}
