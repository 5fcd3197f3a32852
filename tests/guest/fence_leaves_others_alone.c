// SPDX-License-Identifier: MIT
/*
 * FEN-5, FEN-6: the fence diverts nobody outside of a PREEMPTION span, nobody in
 * another address space, and interrupts only CPUs that run the caller's.
 *
 * Method: a thread of the same process waits in front of a span, and a forked child,
 * with the same registrations, in the span; neither may move. The function call
 * interrupts that the kernel counts for the other CPU rise with each fence while a
 * thread of the process runs there, and do not while the child runs there.
 */
#include <sys/mount.h>

#include "machine.h"

#define RESPONSE	1
#define LET_GO		2
#define FENCES		200
#define THROTTLE	"/proc/sys/kernel/sched_rt_runtime_us"
#define FAIR_SERVER	"/sys/kernel/debug/sched/fair_server/cpu%d/runtime"
#define WATCHDOG	"/proc/sys/kernel/soft_watchdog"

/*
 * On a busy host the kernel takes a thread of highest priority off its CPU for part of a second, so
 * that others get something: by throttling, and since 6.8 by a server of theirs. And every four
 * seconds its watchdog for soft lockups runs a thread of its own there, above all priorities.
 */
static char watched[32], throttled[32], served[32], server[64];

static void never_give_way(int cpu)
{
	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	snprintf(server, sizeof(server), FAIR_SERVER, cpu);
	snprintf(watched, sizeof(watched), "%s", read_file(WATCHDOG));
	snprintf(throttled, sizeof(throttled), "%s", read_file(THROTTLE));
	snprintf(served, sizeof(served), "%s", read_file(server));
	must(!*watched || !write_file(WATCHDOG, "0"));
	must(!write_file(THROTTLE, "-1"));
	must(!*served || !write_file(server, "0"));
}

static void give_way(void)
{
	must(!*served || !write_file(server, served));
	must(!write_file(THROTTLE, throttled));
	must(!*watched || !write_file(WATCHDOG, watched));
}

/* Function call interrupts that @cpu has taken. */
static u64 calls(int cpu)
{
	char line[4096], *p = NULL;
	FILE *f = fopen("/proc/interrupts", "re");
	u64 nr = 0;

	must(f);
	while (!p && fgets(line, sizeof(line), f))
		p = strstr(line, CALL_INTERRUPTS);
	fclose(f);
	if (!p)
		bail("no line %s in /proc/interrupts", CALL_INTERRUPTS);
	p += strlen(CALL_INTERRUPTS);
	do {
		nr = strtoull(p, &p, 10);
	} while (cpu--);
	return nr;
}

static u64 fence_many(int cpu)
{
	u64 before = calls(cpu);
	int i;

	for (i = 0; i < FENCES; i++)
		must(!madv_fence());
	return calls(cpu) - before;
}

void test(void)
{
	u32 outside, inside, start, end, response, go;
	static struct victim v;
	static struct regs in, out;
	struct code *c = code_new(1);
	int status, other;
	u64 before, taken;
	pid_t pid;

	need_estp_and_counters();
	need_cpus(2);
	other = cpus_nr() - 1;
	never_give_way(other);
	pin(0);
	outside = emit_inside(c);
	emit_hold(c);
	start = emit_hold(c);
	end = c->at;
	emit_land(c, 0xbad);
	go = emit_land(c, LET_GO);
	response = emit_land(c, RESPONSE);
	inside = emit_inside(c);
	code_aim(c, emit_jump(c), start);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));

	v = (struct victim) { .code = c, .entry = outside, .cpu = other, .fifo = true };
	victim_start(&v);
	before = diverted_all();
	taken = fence_many(other);
	is(c->data->landed, LANDED_NOWHERE, "a thread in front of the span is where it was");
	is(diverted_all(), before, "no diversion");
	ok(taken >= FENCES / 2, "its CPU took an interrupt for each fence (%llu for %d)",
	   (unsigned long long)taken, FENCES);
	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "it leaves where it is let go");
	is(regs_diff(&v.out, &v.in, "thread in front"), 0, "no register changed");

	code_reset(c);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(other);
		/* On RT kernels interrupts' threads, at 50, would preempt it, with every right. */
		set_fifo(0, 98);
		regs_fill(&in, 3);
		regs_run(&in, &out, code_addr(c, inside));
		_exit(regs_diff(&out, &in, "child") != 0);
	}
	must(wait_until(c->data->inside, 5000));
	sleep_us(10000);
	taken = fence_many(other);
	is(c->data->landed, LANDED_NOWHERE, "a child in the span, in its own address space, is where it was");
	is(stats_of(pid).diversions[ESTP_PREEMPTION], 0, "no diversion in the child");
	ok(taken < FENCES / 10, "its CPU took no interrupts for the fences (%llu for %d)",
	   (unsigned long long)taken, FENCES);
	code_let_go(c, 1, go);
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0) && c->data->landed == LET_GO,
	   "the child leaves where it is let go, with all its registers (%s)", ending(status));
	give_way();
	code_free(c);
}
