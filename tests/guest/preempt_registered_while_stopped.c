// SPDX-License-Identifier: MIT
/*
 * PRE-9, PRE-7, FEN-2: a thread in a stop of job control counts as any that is off its CPU:
 * what is registered meanwhile diverts it, once, a fence after it or not; who has been diverted by the stop is not
 * diverted again because something has been registered meanwhile, also where the response lies in the span.
 * A tracer's stop is none of these: the pc that the tracer has written is taken, also where it had not seized and stays no
 * longer. Who has been in a stop of job control once, and is traced now, by one who has seized, is diverted like any.
 *
 * Method: a process that shares the memory without being a thread waits in code that is no span yet, on a page
 * with another one or with none, or in one whose response is its start. It is stopped; this process
 * registers and lets it go on. That it has run is told by its clock, that it left its CPU for nothing else
 * by its count of switches. The twins register nothing.
 */
#include <limits.h>
#include <sys/ptrace.h>

#include "harness.h"

#define LET_GO	1
#define TRIES	20

enum before { PAGE_WITHOUT, OTHER_SPAN, SPAN };
enum meanwhile { NOTHING, ELSEWHERE, THE_SPAN, THE_SPAN_AND_FENCE };
static const struct {
	const char *name;
	enum before before;
	enum meanwhile meanwhile;
	bool by_stop, by_registration;
} all[] = {
	{ "on a page without any", PAGE_WITHOUT, THE_SPAN, false, true },
	{ "on a page without any, and a fence", PAGE_WITHOUT, THE_SPAN_AND_FENCE, false, true },
	{ "twin, another page", PAGE_WITHOUT, ELSEWHERE, false, false },
	{ "on a page with another", OTHER_SPAN, THE_SPAN, false, true },
	{ "on a page with another, and a fence", OTHER_SPAN, THE_SPAN_AND_FENCE, false, true },
	{ "twin, another page, and one with another", OTHER_SPAN, ELSEWHERE, false, false },
	{ "another page, the stop in a span that holds its response", SPAN, ELSEWHERE, true, false },
	{ "the same once more, the stop in it", SPAN, THE_SPAN_AND_FENCE, true, false },
	{ "twin, nothing, the stop in it", SPAN, NOTHING, true, false },
};

static struct code *code, *elsewhere;
static u32 entry, hold, target, end, go, response;
static struct regs in, out;

static int run(void *unused)
{
	pin(cpus_nr() - 1);
	set_fifo(0, 1);
	regs_run(&in, &out, code_addr(code, entry));
	return 0;
}

/* In the span's place, or in one that ends before it. */
static void span(bool there, u32 where)
{
	struct table t;

	table_init(&t, code->base);
	table_add(&t, ESTP_PREEMPTION, code_addr(code, there ? hold : entry), there ? end - hold : hold - entry,
		  code_addr(code, where));
	must(!table_register(&t));
	table_free(&t);
}

static void change(enum meanwhile how, u32 where)
{
	if (how == ELSEWHERE)
		must(!code_register(elsewhere, ESTP_LAYOUT_PAGE));
	if (how >= THE_SPAN)
		span(true, where);
	if (how == THE_SPAN_AND_FENCE)
		must(!madv_fence());
}

static pid_t start(void)
{
	static u8 stack[65536] __attribute__((aligned(64)));
	static u32 seed;
	pid_t pid;

	code_reset(code);
	regs_fill(&in, ++seed);
	memset(&out, 0, sizeof(out));
	pid = clone(run, stack + sizeof(stack), CLONE_VM | SIGCHLD, NULL);
	must(pid > 0);
	must(wait_until(code->data->inside, 5000));
	return pid;
}

static void wait_stopped(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
	/* Told to be stopped, it may still be on its way. */
	preempt(cpus_nr() - 1);
}

/* Wherever it is. */
static void let_go(pid_t pid)
{
	int status;

	code_let_go(code, 1, go);
	code_let_go(code, 0, go);
	must(waitpid(pid, &status, 0) == pid);
	must(exited_with(status, 0));
}

static bool has_run(pid_t pid, unsigned long ticks)
{
	return code->data->mark[0] || code->data->landed || stat_number(pid, STAT_USER_TICKS) > ticks + 1;
}

/* One round: what it counts at the stop and after it; false if chance had a hand in it. */
static bool stop_and_go(unsigned int i, u64 *by_stop, u64 *afterwards)
{
	u32 where = all[i].before == SPAN ? hold : response;
	unsigned long ticks;
	u64 count, switches;
	bool undisturbed;
	pid_t pid;

	if (all[i].before != PAGE_WITHOUT)
		span(all[i].before == SPAN, where);
	pid = start();
	count = diverted(ESTP_PREEMPTION);
	must(!kill(pid, SIGSTOP));
	wait_stopped(pid);
	wait_until(!all[i].by_stop || diverted(ESTP_PREEMPTION) > count, 5000);
	*by_stop = diverted(ESTP_PREEMPTION) - count;
	switches = switches_of(pid);
	ticks = stat_number(pid, STAT_USER_TICKS);

	change(all[i].meanwhile, where);
	count = diverted(ESTP_PREEMPTION);
	must(!kill(pid, SIGCONT));
	must(wait_until(has_run(pid, ticks), 5000));
	undisturbed = switches_of(pid) == switches;
	*afterwards = diverted(ESTP_PREEMPTION) - count;
	let_go(pid);
	if (all[i].before != PAGE_WITHOUT || all[i].meanwhile >= THE_SPAN)
		must(!code_unregister(code));
	if (all[i].meanwhile == ELSEWHERE)
		must(!code_unregister(elsewhere));
	return undisturbed;
}

/*
 * A tracer that has attached, in a stop of the whole group, which leaves no siginfo to know it by; the
 * group having been continued, it is gone from there by the detaching alone.
 */
static bool write_and_go(enum before before, u64 *afterwards)
{
	u64 switches;
	bool undisturbed;
	pid_t pid;

	if (before == PAGE_WITHOUT)
		must(!code_register(elsewhere, ESTP_LAYOUT_PAGE));
	else
		span(false, response);
	pid = start();
	must(!ptrace(PTRACE_ATTACH, pid, 0, 0));
	wait_stopped(pid);
	must(!ptrace(PTRACE_CONT, pid, 0, SIGSTOP));
	wait_stopped(pid);
	*afterwards = diverted(ESTP_PREEMPTION);
	switches = switches_of(pid);
	tracee_set_pc(pid, (u64)code_addr(code, target));
	change(THE_SPAN, response);
	must(!kill(pid, SIGCONT));
	must(!ptrace(PTRACE_DETACH, pid, 0, 0));
	must(wait_until(has_run(pid, ULONG_MAX - 1), 5000));
	undisturbed = code->data->landed || switches_of(pid) == switches;
	*afterwards = diverted(ESTP_PREEMPTION) - *afterwards;
	let_go(pid);
	must(!code_unregister(code));
	if (before == PAGE_WITHOUT)
		must(!code_unregister(elsewhere));
	return undisturbed;
}

/* Seized, after a stop of the whole group that is long over; it is merely preempted, and registered meanwhile. */
static bool seized_and_preempted(u64 *afterwards)
{
	u64 switches;
	pid_t pid;

	span(false, response);
	pid = start();
	must(!kill(pid, SIGSTOP));
	wait_stopped(pid);
	must(!kill(pid, SIGCONT));
	must(waitpid(pid, NULL, WCONTINUED) == pid);
	must(!ptrace(PTRACE_SEIZE, pid, 0, 0));
	preempt(cpus_nr() - 1);
	*afterwards = diverted(ESTP_PREEMPTION);
	switches = switches_of(pid);
	preempt_begin(cpus_nr() - 1);
	change(THE_SPAN_AND_FENCE, response);
	preempt_end(cpus_nr() - 1);
	wait_until(code->data->mark[0], 5000);
	switches = switches_of(pid) - switches;
	*afterwards = diverted(ESTP_PREEMPTION) - *afterwards;
	let_go(pid);
	must(!code_unregister(code));
	/* Away a second time it would be diverted by that. */
	return switches == 1;
}

void test(void)
{
	unsigned int i, tries;
	u64 by_stop, afterwards;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	elsewhere = code_new(1);
	emit_nop(elsewhere);
	code_describe(elsewhere, (struct seq) { .selector = ESTP_PREEMPTION, .start = CODE_HEADER,
						.end = elsewhere->at, .response = CODE_HEADER });
	code_seal(elsewhere);
	code = code_new(1);
	entry = emit_inside(code);
	hold = emit_hold(code);
	target = emit_mark(code, &code->data->mark[1], 1);
	end = code->at;
	go = emit_land(code, LET_GO);
	response = emit_mark(code, &code->data->mark[0], 1);
	emit_hold(code);
	code_seal(code);
	preempt(cpus_nr() - 1);
	for (i = 0; i < ARRAY_LEN(all); i++) {
		tries = TRIES;
		while (!stop_and_go(i, &by_stop, &afterwards) && --tries)
			;
		ok(tries, "%s: it left its CPU for the stop alone", all[i].name);
		is(by_stop, all[i].by_stop, "diverted by the stop: %d", all[i].by_stop);
		is(afterwards, all[i].by_registration, "and by what was registered: %d", all[i].by_registration);
		is(code->data->landed, LET_GO, "and comes out");
		is(code->data->mark[0], all[i].by_registration, "through the response: %d", all[i].by_registration);
		is(regs_diff(&out, &in, "afterwards"), 0, "no register changed");
	}
	for (i = PAGE_WITHOUT; i <= OTHER_SPAN; i++) {
		tries = TRIES;
		while (!write_and_go(i, &afterwards) && --tries)
			;
		ok(tries, "stopped by a tracer%s, which writes the pc: it left its CPU for that alone",
		   i == PAGE_WITHOUT ? " on a page without any" : "");
		is(afterwards, 0, "not diverted");
		is(code->data->mark[1], 1, "it has executed what was written");
		is(code->data->landed, LET_GO, "and comes out");
		is(regs_diff(&out, &in, "afterwards"), 0, "no register changed");
	}
	tries = TRIES;
	while (!seized_and_preempted(&afterwards) && --tries)
		;
	ok(tries, "seized, stopped once before: preempted once");
	is(afterwards, 1, "diverted by what was registered meanwhile");
	is(code->data->mark[0], 1, "through the response");
	is(regs_diff(&out, &in, "afterwards"), 0, "no register changed");
	code_free(elsewhere);
	code_free(code);
}
