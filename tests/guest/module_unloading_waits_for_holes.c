// SPDX-License-Identifier: MIT
/*
 * LIM-39: unloading waits while an address space that lives, and has registered once, has memory given back
 * without a break, and no signal ends that; it ends as soon as there is one.
 *
 * Method: a process registers and unregisters, and has threads punch holes into a file that it maps
 * (giving_back.h). Another unloads the module, and is seen to wait without a break, is killed and
 * waits on, until the threads end. The twin is the same without them.
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

static pid_t unload(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(module_unload() ? 1 : 0);
	return pid;
}

void test(void)
{
	static struct giving_back giving;
	void *p = probe_new(VALUE);
	struct utsname kernel;
	unsigned int waits = 0;
	bool killed = false;
	int status;
	u64 end;
	pid_t pid;

	must(!module_load(""));
	must(!probe_register(p) && !probe_fault(p, VALUE) && !madv_unregister(p, page_size()));
	must(wait_until(!module_users(), 5000));
	giving_begin(&giving, GIVING_HOLES);
	pid = unload();
	/* What comes before sleeps, too, but not for as long without a break. */
	end = now_ms() + 30000 * slowness();
	while (waits < WAITS && state_of(pid) != 'Z' && now_ms() < end) {
		waits = state_of(pid) == 'D' ? waits + 1 : 0;
		if (waits == WAITS / 2)
			killed = !kill(pid, SIGKILL);
		sleep_us(50000);
	}
	uname(&kernel);
	if (waits < WAITS && strstr(kernel.version, "PREEMPT_RT"))
		skip("an RT kernel lets threads of least priority come to the end of their ranges, too");
	else
		is(waits, WAITS, "with holes being punched all the time unloading waits, killed as well");
	giving_end(&giving);
	must(waitpid(pid, &status, 0) == pid);
	ok((killed ? killed_by(status, SIGKILL) : exited_with(status, 0)) && !module_loaded(), "when that has ended, it has too (%s)", ending(status));
	must(!module_load(""));
	is(probe_register(p), 0, "loaded again, it registers");
	is(probe_fault(p, VALUE), 0, "and diverts");
	must(!madv_unregister(p, page_size()));
	ok(module_unload_soon(), "twin: with nothing given back it unloads at once");
}
