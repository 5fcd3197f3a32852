// SPDX-License-Identifier: MIT
/*
 * PRE-2: being frozen is a PREEMPTION: a process that the cgroup freezer stops in a
 * span goes on at the response when it is thawed.
 *
 * Method: a child waits in a span, in a cgroup of its own, whose response leads back into
 * it: whatever else preempts the child meanwhile changes nothing (under PREEMPT_RT
 * interrupts are threads, above any priority that a test may have). It is frozen; if
 * /proc/PID/syscall shows that this met it in the span, both ways on are changed while it
 * cannot run, so that its first instruction after thawing tells which of them it took, and
 * the diversion is counted alone. The twin goes on where it was.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "machine.h"

#define RESPONSE	1
#define LET_GO		2
#define GROUP		"/sys/fs/cgroup/estp-test"
#define TRIES		50

enum { HOLD_IN_SPAN, HOLD_AT_RESPONSE };

static struct regs *in, *out;
static volatile u64 *diversions;	/* of the child, in the end */

static bool frozen(void)
{
	return strstr(read_file(GROUP "/cgroup.events"), "frozen 1");
}

/* Of one that does not run: "-1 sp pc" unless it is in a system call. */
static u64 pc_of(pid_t pid)
{
	unsigned long long sp, pc;
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/syscall", pid);
	return sscanf(read_file(path), "-1 %llx %llx", &sp, &pc) == 2 ? pc : 0;
}

static void freeze(void)
{
	must(!write_file(GROUP "/cgroup.freeze", "1"));
	must(wait_until(frozen(), 5000));
}

static void thaw(void)
{
	must(!write_file(GROUP "/cgroup.freeze", "0"));
}

static void run(struct code *c, u32 entry, u32 go, u32 land, bool registered, int layout)
{
	const char *name = registered ? layout_names[layout] : "twin";
	u64 start = (u64)code_addr(c, c->hold_at[HOLD_IN_SPAN]), before = 0;
	char number[16];
	int status, i;
	pid_t pid;

	if (registered)
		must(!code_register(c, layout));
	code_reset(c);
	code_let_go(c, HOLD_AT_RESPONSE, c->hold_at[HOLD_IN_SPAN]);
	regs_fill(in, registered);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(cpus_nr() - 1);
		regs_run(in, out, code_addr(c, entry));
		*diversions = diverted(ESTP_PREEMPTION);
		_exit(0);
	}
	snprintf(number, sizeof(number), "%d", pid);
	must(!write_file(GROUP "/cgroup.procs", number));
	must(wait_until(c->data->inside, 5000));
	for (i = 0; i < TRIES; i++) {
		freeze();
		if (pc_of(pid) == start)
			break;
		/* Elsewhere; or, of the last time still, it has not run since. */
		thaw();
		sleep_us(2000);
	}
	ok(i < TRIES, "%s: the child is frozen in the span", name);
	is(c->data->landed, LANDED_NOWHERE, "it has not left it");
	before = stats_of(pid).diversions[ESTP_PREEMPTION];
	code_let_go(c, HOLD_IN_SPAN, go);
	code_let_go(c, HOLD_AT_RESPONSE, land);
	thaw();
	if (!wait_until(c->data->landed, 5000))
		kill(pid, SIGKILL);
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0) && c->data->landed == (registered ? RESPONSE : LET_GO),
	   "thawed, it goes on %s", registered ? "at the response" : "there");
	is(*diversions - before, registered, "diverted %s", registered ? "once" : "never");
	is(regs_diff(out, in, name), 0, "no register changed");
	if (registered)
		must(!code_unregister(c));
}

void test(void)
{
	struct code *c = code_new(1);
	u32 entry, start, end, go, response, land;

	need_estp_and_counters();
	/* One that waits for its CPU, preempted, would leave the span before it is frozen. */
	need_cpus(2);
	pin(0);
	if (mkdir(GROUP, 0755) && errno != EEXIST)
		skip_all("no cgroup2: %s", strerror(errno));
	in = shared(2 * sizeof(*in) + sizeof(*diversions));
	out = in + 1;
	diversions = (u64 *)(out + 1);
	entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	response = emit_hold(c);
	land = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_seal(c);
	run(c, entry, go, land, true, ESTP_LAYOUT_PAGE);
	run(c, entry, go, land, true, ESTP_LAYOUT_TABLE);
	run(c, entry, go, land, false, 0);
	rmdir(GROUP);
	code_free(c);
}
