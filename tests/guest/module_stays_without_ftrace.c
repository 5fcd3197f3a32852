// SPDX-License-Identifier: MIT
/*
 * MOD-4, LIM-41: where ftrace has shut itself down nobody can take the hooks out; then the module's code stays
 * where they lead, instead of being freed under them, and the log says so.
 *
 * Method: another module does to ftrace what a warning of its own does. Whoever unloads estp.ko then does not come back,
 * not by SIGKILL either; what is hooked goes on to work, for a process that cannot register any more: system
 * calls, faults, signals, fork and threads. The twin is the unloading before that.
 *
 * vm: --no-load --keep-module --file build/tests/guest/modules/ends_ftrace.ko
 */
#include <pthread.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define END	"/estp/build/tests/guest/modules/ends_ftrace.ko"

static void *nothing(void *unused)
{
	return unused;
}

static void hooks_work(void *p)
{
	pthread_t thread;
	int status, i;
	pid_t pid;

	for (i = 0; i < 20; i++) {
		is(madv_register(p, page_size()), -EINVAL, "nobody can register");
		is(probe_fault(p, VALUE), -1, "a fault is a signal");
		pid = fork();
		must(pid >= 0);
		if (!pid)
			_exit(7);
		must(waitpid(pid, &status, 0) == pid && exited_with(status, 7));
		must(!pthread_create(&thread, NULL, nothing, NULL));
		must(!pthread_join(thread, NULL));
	}
}

void test(void)
{
	void *p = probe_new(VALUE);
	int log, status;
	pid_t pid;

	is(module_load(""), 0, "it loads");
	is(probe_register(p), 0, "and works");
	is(probe_fault(p, VALUE), 0, "it diverts");
	must(!madv_unregister(p, page_size()));
	ok(module_unload_soon(), "twin: it unloads");
	is(module_load(""), 0, "it loads again");
	is(probe_register(p), 0, "and works");
	must(!madv_unregister(p, page_size()));

	log = klog_open();
	must(log >= 0);
	must(!load_file(END, ""));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		while (!module_unload_soon())
			;
		_exit(0);
	}
	ok(wait_until(klog_count(log, "cannot be taken out, ftrace has shut itself down", NULL), 30000),
	   "ftrace is at its end: unloading says that it cannot");
	ok(module_loaded(), "and the module is there");
	hooks_work(p);
	must(!kill(pid, SIGKILL));
	hooks_work(p);
	is(waitpid(pid, &status, WNOHANG), 0, "who unloads waits still, though killed");
	close(log);
}
