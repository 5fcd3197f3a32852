// SPDX-License-Identifier: MIT
/*
 * LIM-39: unloading waits while an address space that lives, and has registered once, has memory given back
 * without a break, and no signal ends that; it ends as soon as there is one.
 *
 * Method: a process registers and unregisters, and has threads punch holes into a file that it maps
 * (giving_back.h). Another unloads the module, and is seen to wait without a break, is killed and
 * waits on, until the threads end; on a busy host not at the first try. The twin is the same without them.
 *
 * One CPU on x86_64, as in module_stays_while_needed.
 *
 * vm: --no-load
 * vm x86_64: --cpus 1
 */
#include <sys/utsname.h>
#include <sys/wait.h>

#include "giving_back.h"
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 90;

#define VALUE	0x1000
#define WAITS	40
#define TRIES	8

static pid_t unload(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(module_unload() ? 1 : 0);
	return pid;
}

static struct {
	unsigned int waits;		/* in a row */
	bool killed;
	int status;
} seen;

/* Unloads beside the threads until it has waited for long enough, or ended for want of them. */
static void unload_beside(struct giving_back *giving)
{
	u64 end;
	pid_t pid;

	memset(&seen, 0, sizeof(seen));
	giving_begin(giving, GIVING_HOLES);
	pid = unload();
	/* What comes before sleeps, too, but not as long without a break. */
	end = now_ms() + 30000 * slowness();
	while (seen.waits < WAITS && state_of(pid) != 'Z' && now_ms() < end) {
		seen.waits = state_of(pid) == 'D' ? seen.waits + 1 : 0;
		if (seen.waits == WAITS / 2)
			seen.killed = !kill(pid, SIGKILL);
		sleep_us(50000);
	}
	giving_end(giving);
	must(waitpid(pid, &seen.status, 0) == pid);
}

static bool has_ended(void)
{
	return seen.killed ? killed_by(seen.status, SIGKILL) : exited_with(seen.status, 0);
}

void test(void)
{
	static struct giving_back giving;
	void *p = probe_new(VALUE);
	struct utsname kernel;
	int tries;

	uname(&kernel);
	tries = strstr(kernel.version, "PREEMPT_RT") ? 1 : TRIES;
	/* Where the threads do not get their CPUs there is a break, and it ends. */
	do {
		must(!module_load(""));
		must(!probe_register(p) && !probe_fault(p, VALUE) && !madv_unregister(p, page_size()));
		must(wait_until(!module_users(), 5000));
		unload_beside(&giving);
		if (!has_ended() || module_loaded())
			break;
	} while (seen.waits < WAITS && --tries);
	if (seen.waits < WAITS && strstr(kernel.version, "PREEMPT_RT"))
		skip("an RT kernel lets threads of least priority come to the end of their ranges, too");
	else
		is(seen.waits, WAITS, "with holes being punched all the time unloading waits, killed as well");
	ok(has_ended() && !module_loaded(), "when that has ended, it has too (%s)", ending(seen.status));
	must(!module_load(""));
	is(probe_register(p), 0, "loaded again, it registers");
	is(probe_fault(p, VALUE), 0, "and diverts");
	must(!madv_unregister(p, page_size()));
	ok(module_unload_soon(), "twin: with nothing given back it unloads at once");
}
