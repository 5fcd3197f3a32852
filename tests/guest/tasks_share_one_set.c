// SPDX-License-Identifier: MIT
/*
 * LIFE-1: page set, counters and fences belong to the address space: every task that
 * shares it shares them: threads created later, a vfork child, a process by CLONE_VM
 * without CLONE_THREAD; whichever of them registers.
 *
 * Method: each kind of task in turn runs a list of steps, most of which change or use
 * the set; what it did is looked for in the main thread, and the other way round. The
 * twin is a child of fork, which shares nothing.
 */
#include "probe.h"

#define VALUE	0x1000

static u8 *old_page, *new_page;
static size_t page;

/* What a task sees and does; in memory of its own, read after its end. */
static struct report {
	int old_diverts, new_before, registered, new_after, unregistered, fence;
	struct estp_stats stats;
	struct list list;
} report;

static void act(void)
{
	report.old_diverts = probe_fault(old_page, VALUE);
	report.new_before = probe_fault(new_page, VALUE + 0x100);
	report.registered = probe_register(new_page);
	report.new_after = probe_fault(new_page, VALUE + 0x100);
	report.fence = madv_fence();
	report.unregistered = madv_unregister(old_page, page);
	report.stats = stats();
	report.list = list_own();
}

static void *thread(void *arg)
{
	(void)arg;
	act();
	return NULL;
}

static void by_thread(void)
{
	pthread_t t;

	must(!pthread_create(&t, NULL, thread, NULL));
	must(!pthread_join(t, NULL));
}

static int process(void *arg)
{
	(void)arg;
	act();
	_exit(0);
}

static void by_clone(int flags)
{
	u8 *stack = pages_new(32);
	pid_t pid = clone(process, stack + 32 * page, flags, NULL);
	int status = 0;

	must(pid > 0);
	must(waitpid(pid, &status, __WALL) == pid);
	if (!exited_with(status, 0))
		bail("the clone ended by %s", ending(status));
	munmap(stack, 32 * page);
}

static void by_clone_vm(void)
{
	by_clone(CLONE_VM | SIGCHLD);
}

static void by_clone_vm_files(void)
{
	by_clone(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | SIGCHLD);
}

/* vfork itself would return twice into one frame; this is what it is made of. */
static void by_vfork(void)
{
	by_clone(CLONE_VM | CLONE_VFORK | SIGCHLD);
}

static void begin(void)
{
	u64 sum;

	if (stats().pages)
		must(!madv_unregister(NULL, USER_END));
	memset(&report, 0, sizeof(report));
	must(!probe_register(old_page));
	sum = diverted(ESTP_FAULT);
	is(probe_fault(old_page, VALUE), 0, "main: the old page diverts");
	is(diverted(ESTP_FAULT), sum + 1, "main: it is counted");
	is(probe_fault(new_page, VALUE + 0x100), -1, "main: the new page does not");
}

static void shared_by(void (*run)(void), const char *who)
{
	struct estp_stats before, after;
	struct list list;

	begin();
	before = stats();
	run();
	is(report.old_diverts, 0, "%s: what main had registered diverts", who);
	is(report.new_before, -1, "%s: the new page does not", who);
	is(report.registered, 0, "%s: registers it", who);
	is(report.new_after, 0, "%s: then it diverts", who);
	is(report.unregistered, 0, "%s: unregisters the old one", who);
	is(report.stats.diversions[ESTP_FAULT], before.diversions[ESTP_FAULT] + 2,
	   "%s: counts go on from main's", who);
	is(report.stats.fences, before.fences + 1, "%s: fences as well", who);

	after = stats();
	list = list_own();
	ok(!memcmp(&after, &report.stats, sizeof(after)), "main reads the same counts");
	ok(list_same(&list, &report.list), "and the same list");
	is(probe_fault(new_page, VALUE + 0x100), 0, "main: the new page diverts by now");
	is(probe_fault(old_page, VALUE), -1, "main: the old one does not");
	list_free(&list);
	list_free(&report.list);
}

static void child(void *arg)
{
	(void)arg;
	act();
	/* All of it worked, there; nothing of it may be seen here. */
	_exit(!report.old_diverts && report.new_before == -1 && !report.registered &&
	      !report.new_after && !report.unregistered ? 0 : 1);
}

static void twin(void)
{
	struct estp_stats before, after;
	int status;

	begin();
	before = stats();
	status = run_child(child, NULL, 10);
	ok(exited_with(status, 0), "twin: a child of fork can do it all, too");
	is(probe_fault(old_page, VALUE), 0, "twin: main's old page diverts still");
	is(probe_fault(new_page, VALUE + 0x100), -1, "twin: the new one never did here");
	after = stats();
	is(after.fences, before.fences, "twin: its fence is not main's");
	is(after.diversions[ESTP_FAULT], before.diversions[ESTP_FAULT] + 1,
	   "twin: nor are its diversions");
}

void test(void)
{
	need_estp();
	page = page_size();
	old_page = probe_new(VALUE);
	new_page = probe_new(VALUE + 0x100);
	probe_fault(new_page, VALUE + 0x100);
	shared_by(by_thread, "a later thread");
	shared_by(by_clone_vm, "CLONE_VM");
	shared_by(by_clone_vm_files, "CLONE_VM and more, without CLONE_THREAD");
	shared_by(by_vfork, "vfork");
	twin();
}
