// SPDX-License-Identifier: MIT
/*
 * DEV-2, DEV-7: another process's counters and list are shown to whoever has its
 * /proc/PID/mem open, which demands the right to ptrace it; to nobody else; and for
 * the program that it was opened for alone.
 *
 * Method: a registered process; root, the same user and another user look. The other
 * user cannot open the file, and any other descriptor is refused; one that root opened
 * and handed on works, as it would for reading that memory. After exit the descriptor
 * shows zeros. Twin: one's own numbers, which differ.
 */
#include <fcntl.h>
#include <sys/prctl.h>

#include "probe.h"

#define VALUE	0x1000
#define USER	65534
#define OTHER	65533

static volatile u32 *step;		/* 1: registered; 2: go on; 3: changed; 4: exit */

static void become(uid_t id)
{
	must(!setgid(id));
	must(!setuid(id));
	/* A change of user makes a process nobody's business; undo that. */
	must(!prctl(PR_SET_DUMPABLE, 1));
}

static void target(uid_t id)
{
	void *p;

	become(id);
	p = probe_new(VALUE);
	must(!probe_register(p));
	must(!probe_fault(p, VALUE));
	must(!probe_fault(p, VALUE));
	*step = 1;
	must(wait_until(*step == 2, 10000));
	must(!probe_register_table(p, 1));
	must(!madv_fence());
	*step = 3;
	must(wait_until(*step == 4, 10000));
	_exit(0);
}

static int open_mem(pid_t pid, int how)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	return open(path, how | O_CLOEXEC);
}

static pid_t pid;

/* What a user can find out: 0 all, else why not. */
static int look_from(int fd)
{
	struct estp_stats s = { .mem_fd = fd };
	struct list list;

	if (fd < 0)
		return errno == EACCES ? 10 : 11;
	if (device_ioctl(ESTP_IOC_STATS, &s))
		return 12;
	if (s.pages != 1 || s.sequences != ESTP_SELECTOR_NR || s.diversions[ESTP_FAULT] != 2)
		return 13;
	list = list_of(fd);
	if (list.nr != ESTP_SELECTOR_NR)
		return 14;
	return 0;
}

static void as_same_user(void *arg)
{
	(void)arg;
	become(USER);
	_exit(look_from(open_mem(pid, O_RDONLY)));
}

static void as_other_user(void *arg)
{
	(void)arg;
	become(OTHER);
	_exit(look_from(open_mem(pid, O_RDONLY)));
}

static void handed_on(void *arg)
{
	become(OTHER);
	_exit(look_from(*(int *)arg));
}

/* Files of the process that the other user may open. */
static void by_other_files(void *arg)
{
	static const char *const files[] = {
		"/proc/%d", "/proc/%d/cmdline", "/proc/%d/stat", "/proc/%d/status",
		"/proc/%d/comm",
	};
	unsigned int i;

	(void)arg;
	become(OTHER);
	for (i = 0; i < ARRAY_LEN(files); i++) {
		struct estp_stats s = { 0 };
		char path[32];

		snprintf(path, sizeof(path), files[i], pid);
		s.mem_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (s.mem_fd < 0)
			_exit(20 + i);
		if (device_ioctl(ESTP_IOC_STATS, &s) != -EINVAL)
			_exit(30 + i);
	}
	_exit(0);
}

static void expect(void (*fn)(void *arg), void *arg, int code, const char *what)
{
	int status = run_child(fn, arg, 10);

	if (!ok(exited_with(status, code), "%s", what))
		diag("ended by %s", ending(status));
}

void test(void)
{
	struct estp_stats s;
	struct list list;
	int fd, write_only, status;
	void *p;

	need_estp();
	p = probe_new(VALUE + 0x100);
	step = shared(page_size());
	pid = fork();
	must(pid >= 0);
	if (!pid)
		target(USER);
	must(wait_until(*step == 1, 10000));

	fd = open_mem(pid, O_RDONLY);
	write_only = open_mem(pid, O_WRONLY);
	is(look_from(fd), 0, "root sees it all");
	is(look_from(write_only), 0, "by a descriptor that can only write, too");
	must(!probe_register(p));
	must(!probe_register_table(p, 0));
	is(stats().sequences, 2 * ESTP_SELECTOR_NR, "twin: root's own numbers are others");
	expect(as_same_user, NULL, 0, "the same user sees it all");
	expect(as_other_user, NULL, 10, "another user cannot open it: EACCES");
	expect(by_other_files, NULL, 0, "and what he can open is refused: EINVAL");
	expect(handed_on, &fd, 0, "a descriptor handed on shows it all");

	*step = 2;
	must(wait_until(*step == 3, 10000));
	s = (struct estp_stats) { .mem_fd = fd };
	must(!device_ioctl(ESTP_IOC_STATS, &s));
	is(s.sequences, 2 * ESTP_SELECTOR_NR, "the descriptor shows what it is now");
	is(s.fences, 1, "fences included");
	is(s.mem_fd, fd, "and keeps its own number");

	*step = 4;
	must(waitpid(pid, &status, 0) == pid);
	s = (struct estp_stats) { .mem_fd = fd };
	is(device_ioctl(ESTP_IOC_STATS, &s), 0, "after exit it is answered");
	ok(!s.pages && !s.sequences && !s.memory && !s.fences && !s.diversions[ESTP_FAULT],
	   "with zeros");
	list = list_of(fd);
	is(list.nr, 0, "and an empty list");
}
