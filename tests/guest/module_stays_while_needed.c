// SPDX-License-Identifier: MIT
/*
 * MOD-3, MOD-4, LIM-9, LIFE-9: the module cannot be unloaded while an address space has
 * registrations, and protection goes on; it can once the last has gone, by
 * unregistration, unmapping, exec or exit, as soon as threads that sleep in the kernel
 * have been in user mode once; it leaves nothing behind, and can be loaded again.
 *
 * Method: processes in each such state, and attempts at unloading before and after.
 * After unloading, what the module had made is looked for: device, tracepoints, hooks,
 * caches. The twin of the refusals is the success that follows.
 *
 * One CPU on x86_64: QEMU before 8.1, running several, can execute code that another of them has
 * just replaced, which is what loading and unloading does.
 *
 * vm: --no-load
 * vm x86_64: --cpus 1
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define TRIES	8

static size_t page;
static volatile u32 *step;

static void next(u32 n)
{
	*step = n;
}

static void wait_for(u32 n)
{
	if (!wait_until(*step == n, 10000))
		bail("step %u does not come, after step %u", n, *step);
}

static void stays(const char *what)
{
	int i, err = 0, refused = 0;

	for (i = 0; i < TRIES; i++) {
		err = module_unload();
		refused += err == -EBUSY || err == -EAGAIN;
		sleep_us(15000);
	}
	if (!is(refused, TRIES, "%s: it cannot be unloaded, %d times", what, TRIES))
		diag("%s", strerror(-err));
	ok(module_loaded(), "%s: it is loaded", what);
}

static void goes(const char *what)
{
	ok(module_unload_soon(), "%s: it can be unloaded", what);
	ok(!module_loaded(), "%s: it is gone", what);
}

/* What each process does when its page is registered: nothing more, or one thing. --- */

static volatile pid_t sleeper;

static void *asleep(void *arg)
{
	char byte;

	sleeper = gettid_();
	must(read(*(int *)arg, &byte, 1) == 1);
	return NULL;
}

static void registered(void)
{
	void *p = probe_new(VALUE);

	must(!probe_register(p));
	next(1);
	wait_for(2);
	/* Attempts have failed; it is protected still, and others can be. */
	if (probe_fault(p, VALUE) || probe_register_table(p, 1) || probe_fault(p, VALUE) != 1)
		_exit(1);
	next(3);
	wait_for(4);
	_exit(0);
}

static void unregisters(void)
{
	void *p = probe_new(VALUE), *q = probe_new(VALUE + 0x100);

	must(!probe_register(p));
	must(!probe_register(q));
	must(!madv_unregister(q, page));
	next(1);
	wait_for(2);
	if (probe_fault(p, VALUE))
		_exit(1);
	must(!madv_unregister(p, page));
	next(3);
	wait_for(4);
	_exit(probe_fault(p, VALUE) == -1 ? 0 : 2);
}

static void unmaps(void)
{
	u8 *p = probe_new(VALUE);

	must(!probe_register(p));
	next(1);
	wait_for(2);
	must(!munmap(p, page));
	next(3);
	wait_for(4);
	_exit(0);
}

static void executes(void)
{
	char *const arguments[] = { "x", NULL }, *const env[] = { "JUST_WAIT=1", NULL };

	must(!probe_register(probe_new(VALUE)));
	next(1);
	wait_for(2);
	execve("/proc/self/exe", arguments, env);
	_exit(98);
}

/* The shared word is gone after exec: this one only lives, until it is killed. */
__attribute__((constructor))
static void new_program(void)
{
	if (getenv("JUST_WAIT"))
		for (;;)
			pause();
}

static void a_process(void (*fn)(void), const char *what)
{
	int status;
	pid_t pid;

	must(!module_load(""));
	*step = 0;
	pid = fork();
	must(pid >= 0);
	if (!pid)
		fn();
	wait_for(1);
	stays(what);
	next(2);
	/* One that executes is another program by and by. */
	if (fn != executes)
		wait_for(3);
	if (fn == registered) {
		stays("used meanwhile");
		kill(pid, SIGKILL);
	}
	goes(what);
	next(4);
	if (fn == executes) {
		/* It was not its end that let the module go. */
		if (is(waitpid(pid, &status, WNOHANG), 0, "%s: the new program lives on", what)) {
			kill(pid, SIGKILL);
			must(waitpid(pid, &status, 0) == pid);
		}
		return;
	}
	must(waitpid(pid, &status, 0) == pid);
	if (fn != registered && !ok(exited_with(status, 0), "%s: the process goes on", what))
		diag("ended by %s", ending(status));
}

/* A thread asleep in the kernel since before holds it, until it comes back (LIM-9). */
static void sleeping_thread(void)
{
	int go[2], status;
	pid_t pid;

	must(!module_load(""));
	must(!pipe(go));
	*step = 0;
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		void *p = probe_new(VALUE);
		pthread_t thread;

		must(!probe_register(p));
		must(!pthread_create(&thread, NULL, asleep, &go[0]));
		must(wait_until(sleeper, 5000) && wait_asleep(sleeper, 5000));
		must(!madv_unregister(p, page));
		next(1);
		must(!pthread_join(thread, NULL));
		next(2);
		wait_for(3);
		_exit(0);
	}
	wait_for(1);
	sleep_us(300000);
	ok(module_users() >= 1, "a thread asleep since before the unregistration is a user");
	stays("a thread asleep");
	must(write(go[1], "", 1) == 1);
	wait_for(2);
	goes("that thread awake");
	next(3);
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0), "its process goes on");
}

static void nothing_left(void)
{
	static const char *const paths[] = {
		"/dev/estp", "/sys/module/estp", "/sys/kernel/tracing/events/estp",
		"/sys/class/misc/estp",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_LEN(paths); i++)
		ok(access(paths[i], F_OK), "no %s is left", paths[i]);
	is(strlen(read_file("/sys/kernel/tracing/enabled_functions")), 0, "no function is hooked");
	ok(!strstr(read_file("/proc/modules"), "estp"), "no module");
	ok(!strstr(read_file("/proc/misc"), "estp"), "no misc device");
	ok(!strstr(read_file("/proc/slabinfo"), "estp"), "no cache");
}

void test(void)
{
	void *p = probe_new(VALUE);
	unsigned int i;

	page = page_size();
	step = shared(page);
	must(!module_load(""));
	ok(strstr(read_file("/sys/kernel/tracing/enabled_functions"), MADVISE),
	   "twin: loaded, a function is hooked");
	ok(!access("/dev/estp", F_OK), "twin: there is a device");
	goes("never used");
	nothing_left();

	a_process(registered, "a page registered; then killed");
	a_process(unregisters, "one page of two unregistered; then the other");
	a_process(unmaps, "a page registered; then unmapped");
	a_process(executes, "a page registered; then exec");
	sleeping_thread();
	nothing_left();

	/* Old registrations do not come back with a new module. */
	must(!module_load(""));
	is(probe_fault(p, VALUE), -1, "loaded again: nothing is registered");
	is(probe_register(p), 0, "loaded again: it registers");
	is(probe_fault(p, VALUE), 0, "and diverts");
	must(!madv_unregister(p, page));
	goes("in the end");
	for (i = 0; i < 2; i++)
		if (module_load("") || !module_unload_soon())
			break;
	is(i, 2, "and it loads and unloads again and again");
	is(probe_fault(p, VALUE), -1, "twin: without it, no diversion");
}
