// SPDX-License-Identifier: MIT
/*
 * MOD-6, FLT-1, INT-1, LIFE-2: user and pid namespaces, and seccomp filters, confine a
 * registered process like any other: in a namespace of its own everything works; a filter
 * that forbids madvise's REGISTER forbids that and nothing else, one that forbids all four of
 * the advice values all of them, not what was registered; under seccomp's strict
 * mode, where any other system call kills, a fault still diverts.
 *
 * Method: children in each of these, probes of FAULT and INTERRUPT. The twins: what the
 * filter forbids is EPERM, and the unregistered child of strict mode is killed by its fault.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include "probe.h"

#define VALUE	0x1000

static void *p, *other;

static bool diverts(void *at, u32 value)
{
	return !probe_fault(at, value) && !probe(at, value, ESTP_INTERRUPT);
}

static void in_namespaces(void *unused)
{
	pid_t pid;
	int status;

	(void)unused;
	if (unshare(CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNS))
		_exit(77);
	pid = fork();
	if (!pid) {
		/* Process 1 of its namespace, registered by inheritance; and by itself. */
		if (!diverts(p, VALUE) || madv_register(other, page_size()) ||
		    !diverts(other, VALUE + 0x100) || madv_fence() ||
		    stats().pages != 2)
			_exit(1);
		_exit(0);
	}
	_exit(waitpid(pid, &status, 0) == pid && exited_with(status, 0) ? 0 : 1);
}

/* No madvise() with an advice from @first to @last any more. */
static void forbid(u32 first, u32 last)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_madvise, 0, 4),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 2),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { ARRAY_LEN(code), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		_exit(77);
}

static void filtered(void *unused)
{
	(void)unused;
	forbid(MADV_ESTP_REGISTER, MADV_ESTP_REGISTER);
	if (madv_register(other, page_size()) != -EPERM)
		_exit(1);
	if (madv_query(ESTP_FEATURE_VERSION_1) || madv_fence() || !diverts(p, VALUE))
		_exit(2);
	if (probe_fault(other, VALUE + 0x100) != -1)
		_exit(3);
	_exit(madv_unregister(p, page_size()) || probe_fault(p, VALUE) != -1 ? 4 : 0);
}

static void filtered_all(void *unused)
{
	(void)unused;
	forbid(MADV_ESTP_REGISTER, MADV_ESTP_QUERY);
	if (madv_register(other, page_size()) != -EPERM || madv_unregister(p, page_size()) != -EPERM ||
	    madv_fence() != -EPERM || madv_query(ESTP_FEATURE_VERSION_1) != -EPERM)
		_exit(1);
	if (madvise(other, page_size(), MADV_NORMAL) || !diverts(p, VALUE))
		_exit(2);
	_exit(0);
}

/* No signal handler may even return here: whoever comes out, came by the response. */
static void strict(void *at)
{
	const u8 *code = at;
	long got;

	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
		_exit(77);
	got = ((long (*)(const void *))(code + probe_seq[ESTP_FAULT].start))(NULL);
	syscall(SYS_exit, got == PROBE_VALUE(VALUE, ESTP_FAULT, 0) ? 0 : 1);
}

static void runs(void (*fn)(void *arg), void *arg, const char *what)
{
	int status = run_child(fn, arg, 20);

	if (exited_with(status, 77))
		skip("%s: this kernel does not let us", what);
	else if (!ok(exited_with(status, 0), "%s", what))
		diag("ended by %s", ending(status));
}

void test(void)
{
	int status;

	need_estp();
	p = probe_new(VALUE);
	other = probe_new(VALUE + 0x100);
	must(!probe_register(p));
	runs(in_namespaces, NULL, "in user and pid namespaces everything works");
	runs(filtered, NULL, "a filter that forbids REGISTER forbids nothing else");
	runs(filtered_all, NULL, "one that forbids all four ends nothing that is in force");
	runs(strict, p, "under strict seccomp a fault diverts");
	status = run_child(strict, other, 20);
	ok(killed_by(status, SIGSEGV), "twin: unregistered it is killed (%s)", ending(status));
}
