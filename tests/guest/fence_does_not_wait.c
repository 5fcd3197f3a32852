// SPDX-License-Identifier: MIT
/*
 * FEN-8, FEN-2, PRE-1: the fence does not wait for threads that do not run: one that
 * was preempted in a span and gets no CPU holds it up no more than one that is stopped. They
 * are diverted all the same, when they run again.
 *
 * Method: a SCHED_FIFO thread takes the CPU from a thread in a span and keeps it while
 * fences are called elsewhere: it must have it still when all of them have returned. The
 * thread in the span then comes out at the response. The same with a thread that sleeps
 * in a page fault.
 */
#include "harness.h"

#define RESPONSE	1
#define COMMITTED	2
#define HOG_MS		18000	/* at most; mostly until the fences have returned */
#define FENCES		20

static volatile bool hogging, release;

static void hog(void *arg)
{
	u64 end = now_ms() + HOG_MS;

	hogging = true;
	while (!release && now_ms() < end)
		;
	hogging = false;
}

static void *hog_thread(void *arg)
{
	pin(0);
	preempt_with(*(int *)arg, hog, NULL);
	return NULL;
}

static u64 longest_fence(void)
{
	u64 longest = 0;
	int i;

	for (i = 0; i < FENCES; i++) {
		u64 start = now_ms();

		must(!madv_fence());
		must(!madv_fence_cpu(1));
		if (now_ms() - start > longest)
			longest = now_ms() - start;
	}
	return longest;
}

static void starved(struct victim *v, u32 commit)
{
	u64 start, longest;
	pthread_t thread;

	victim_start(v);
	release = false;
	must(!pthread_create(&thread, NULL, hog_thread, &v->cpu));
	must(wait_until(hogging, 2000));
	start = now_ms();
	longest = longest_fence();
	ok(hogging, "the thread in the span had no CPU during %d fences, %llu ms", 2 * FENCES,
	   (unsigned long long)(now_ms() - start));
	diag("the longest took %llu ms", (unsigned long long)longest);
	code_let_go(v->code, 0, commit);
	sleep_us(10000);
	is(v->code->data->landed, LANDED_NOWHERE, "it has not run");
	release = true;
	must(!pthread_join(thread, NULL));
	is(victim_join(v, 2000), RESPONSE, "when it runs again it goes on at the response");
	is(regs_diff(&v->out, &v->in, "starved"), 0, "no register changed");
}

static void asleep(struct victim *v)
{
	size_t page = sysconf(_SC_PAGESIZE);
	void *mem;
	int uffd;

	uffd = userfault_open();
	if (uffd < 0) {
		skip("no userfaultfd: %s", strerror(errno));
		return;
	}
	mem = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	userfault_withhold(uffd, mem, page);
	regs_fill(&v->in, 9);
	regs_set_arg(&v->in, (u64)mem);
	code_reset(v->code);
	victim_start_with(v);
	must(wait_until(userfault_next(uffd), 2000));
	must(wait_asleep(v->tid, 2000));
	preempt(v->cpu);
	diag("the longest took %llu ms", (unsigned long long)longest_fence());
	is(v->code->data->landed, LANDED_NOWHERE, "a thread asleep in a fault does not hold fences up");
	userfault_give(uffd, mem, NULL);
	is(victim_join(v, 2000), RESPONSE, "when the fault is resolved it goes on at the response");
	is(regs_diff(&v->out, &v->in, "asleep"), 0, "no register changed");
}

void test(void)
{
	static struct victim v;
	u32 commit, start, end, response, load, load_end;
	struct code *c = code_new(1);

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	preempt(1);			/* its thread is made now, not when it matters */
	v = (struct victim) { .code = c, .cpu = 1, .fifo = true, .entry = emit_inside(c) };
	start = emit_hold(c);
	commit = emit_mark(c, &c->data->mark[0], 1);
	end = emit_land(c, COMMITTED);
	load = emit_inside(c);
	emit_load(c);
	load_end = emit_land(c, COMMITTED);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = load,
					.end = load_end, .response = response });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	starved(&v, commit);
	v.entry = load;
	asleep(&v);
	code_free(c);
}
