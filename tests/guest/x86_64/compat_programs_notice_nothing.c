// SPDX-License-Identifier: MIT
/*
 * MOD-6, LIM-17: the signals and faults of a 32-bit program are what they are without the module,
 * beside a registered process as well, whose own go on diverting.
 *
 * Method: the program faults in each way, sends itself a signal and is interrupted asleep; what
 * its handlers were given is compared, before the module is loaded, with it, and while another process is
 * registered.
 *
 * vm: --no-load --cpus 1 --file build/tests/guest/x86_64/compat/program
 */
#include "machine.h"
#include "probe.h"

#include "compat/report.h"

#define PROGRAM	"build/tests/guest/x86_64/compat/program"
#define VALUE	0x1000

static struct compat_report run(void)
{
	struct compat_report report;
	int fd[2], status;
	ssize_t got;
	pid_t pid;

	memset(&report, 0, sizeof(report));
	must(!pipe(fd));
	fflush(stdout);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(dup2(fd[1], 1) == 1);
		execl(PROGRAM, PROGRAM, (char *)NULL);
		_exit(127);
	}
	close(fd[1]);
	got = read(fd[0], &report, sizeof(report));
	close(fd[0]);
	must(waitpid(pid, &status, 0) == pid);
	if (exited_with(status, 127))
		skip_all("this kernel runs no 32-bit programs");
	ok(got == sizeof(report) && exited_with(status, 0), "it comes to its end: %s", ending(status));
	return report;
}

static void same(const struct compat_report *got, const struct compat_report *want, const char *when)
{
	unsigned int i;

	for (i = 0; i < want->nr && i < COMPAT_SEEN_MAX; i++)
		ok(!memcmp(&got->seen[i], &want->seen[i], sizeof(got->seen[i])), "%s: signal %d, code %d, trap %u",
		   when, got->seen[i].sig, got->seen[i].code, got->seen[i].trap);
	ok(!memcmp(got, want, sizeof(*got)), "%s: all of it is the same", when);
}

void test(void)
{
	static const int sigs[] = { SIGSEGV, SIGSEGV, SIGSEGV, SIGFPE, SIGILL, SIGTRAP, SIGSEGV, SIGSEGV, SIGUSR1 };
	struct compat_report before = run(), with;
	unsigned int i;
	void *p;

	is(before.bits, 32, "it is of 32 bits");
	ok(!before.failed && !before.interrupted && !before.normal, "its system calls do what they do");
	is(before.nr, ARRAY_LEN(sigs), "it saw %zu signals", ARRAY_LEN(sigs));
	for (i = 0; i < ARRAY_LEN(sigs); i++)
		ok(before.seen[i].sig == sigs[i] && before.seen[i].registers == (sigs[i] != SIGUSR1),
		   "signal %u is %s", i, strsignal(sigs[i]));
	for (i = 0; i < 4; i++)
		is(before.ours[i], -EINVAL, "ESTP's advice %u is EINVAL", i);

	must(!module_load(""));
	with = run();
	same(&with, &before, "loaded");
	p = probe_new(VALUE);
	must(!probe_register(p));
	must(!probe_fault(p, VALUE));
	with = run();
	same(&with, &before, "beside a registered process");
	is(probe_fault(p, VALUE), 0, "which diverts still");
	must(!madv_unregister(p, page_size()));
	ok(module_unload_soon(), "it is unloaded");
}
