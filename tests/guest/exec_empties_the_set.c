// SPDX-License-Identifier: MIT
/*
 * LIFE-6, LIFE-1, DEV-7: the program that exec starts has an empty page set, whoever
 * calls exec and whatever the file's mode; what is mapped at the old addresses is
 * unregistered and registers like any other; after vfork and exec the parent's set is
 * as it was. A descriptor of /proc/PID/mem opened before shows zeros, while the new
 * program lives and has registered, and after its end.
 *
 * Method: this program executes itself, by fork and exec, by exec in a thread that is
 * not the first, by vfork and exec, and as a set-user-id file for another user. The new
 * program maps a probe where the old one was and looks. The twin is the process
 * before exec: there it diverts.
 */
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "probe.h"

#define VALUE	0x1000
#define PLACE	((u8 *)0x200000000ull)
#define OTHER_USER 65534
#define SET_USER_ID "/tmp/set-user-id"

static size_t page;

static u8 *map_probe(void)
{
	u8 *p = mmap(PLACE, page_size(), PROT_READ | PROT_WRITE | PROT_EXEC,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	must(p == PLACE);
	probe_code(p, VALUE);
	probe_header(p, 0);
	return p;
}

/* What the new program finds; its exit status says. */
static int after_exec(void)
{
	struct estp_stats s = stats();
	const char *file = (const char *)getauxval(AT_EXECFN);
	struct list list = list_own();
	u8 *p;

	/* Another user's rights are what this one is about. */
	if (!strcmp(file, SET_USER_ID) && (geteuid() || !getauxval(AT_SECURE)))
		return 16;

	if (s.pages || s.sequences || s.memory || s.fences || s.diversions[0] ||
	    s.diversions[1] || s.diversions[2])
		return 10;
	if (list.nr)
		return 11;
	p = map_probe();
	if (probe_fault(p, VALUE) != -1)
		return 12;
	if (-madv_unregister(p, page_size()) != ENOENT)
		return 13;
	if (probe_register(p))
		return 14;
	if (probe_fault(p, VALUE))
		return 15;
	return 0;
}

__attribute__((constructor))
static void new_program(void)
{
	const char *other = getenv("TELL");
	int result;
	char byte;

	if (!getenv("AFTER_EXEC"))
		return;
	result = after_exec();
	/* Somebody looks at the page that it has registered; his end, too, lets it go. */
	if (!result && other && (write(atoi(other), "", 1) != 1 || read(atoi(other), &byte, 1) < 0))
		result = 17;
	_exit(result);
}

static char *const arguments[] = { "exec", NULL };
static char *const environment_[] = { "AFTER_EXEC=1", NULL };

static void plain(const char *file)
{
	execve(file, arguments, environment_);
	_exit(99);
}

static void *exec_here(void *arg)
{
	plain(arg);
	return NULL;
}

static void by_exec(void *arg)
{
	if (probe_fault(PLACE, VALUE))
		_exit(98);
	plain(arg);
}

/* Others run and sleep meanwhile, in sequences too; exec ends them. */
static void by_thread(void *arg)
{
	static struct spinner a, b;
	pthread_t thread;

	spinner_start(&a, PLACE, ESTP_INTERRUPT, -1);
	spinner_start(&b, PLACE, ESTP_INTERRUPT, -1);
	must(!pthread_create(&thread, NULL, exec_here, arg));
	for (;;)
		pause();
}

static void by_vfork(void *arg)
{
	volatile pid_t pid = vfork();
	int status = 0;

	if (!pid)
		plain(arg);
	must(pid > 0);
	must(waitpid(pid, &status, 0) == pid);
	if (!exited_with(status, 0))
		_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 97);
	/* Here all is as it was. */
	_exit(probe_fault(PLACE, VALUE) ? 96 : 0);
}

static void as_other_user(void *arg)
{
	must(!setgid(OTHER_USER));
	must(!setuid(OTHER_USER));
	by_exec(arg);
}

static void expect(void (*fn)(void *arg), const char *file, const char *what)
{
	int status = run_child(fn, (void *)file, 15);

	if (!ok(exited_with(status, 0), "%s: the new program's set is empty", what))
		diag("ended by %s", ending(status));
	is(probe_fault(PLACE, VALUE), 0, "twin: the page diverts here still");
}

/* Pages and sequences that a descriptor shows, in its statistics and in its list. */
static void shows(int fd, u32 pages, const char *what)
{
	struct estp_stats s = { .mem_fd = fd };
	struct list list;

	if (!is(device_ioctl(ESTP_IOC_STATS, &s), 0, "%s: there are statistics", what))
		return;
	is(s.pages, pages, "%s: pages", what);
	is(s.sequences, pages * ESTP_SELECTOR_NR, "%s: sequences", what);
	is(s.memory != 0, pages != 0, "%s: memory, or none", what);
	list = list_of(fd);
	is(list.nr, pages * ESTP_SELECTOR_NR, "%s: sequences in the list", what);
	list_free(&list);
}

static int open_memory(pid_t pid)
{
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	return fd;
}

/*
 * A child that executes when told to; its memory is open here all the time. The new
 * program has a set of its own while it is looked at: after its end any descriptor would
 * show zeros.
 */
static void opened_before(void)
{
	int ends[2], old, new, status;
	char byte;
	pid_t pid;

	must(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		char tell[16];
		char *const env[] = { "AFTER_EXEC=1", tell, NULL };

		snprintf(tell, sizeof(tell), "TELL=%d", ends[1]);
		must(!fcntl(ends[1], F_SETFD, 0));
		must(read(ends[1], &byte, 1) == 1);
		execve("/proc/self/exe", arguments, env);
		_exit(99);
	}
	close(ends[1]);
	old = open_memory(pid);
	shows(old, 1, "twin: its memory, before exec");
	must(write(ends[0], "", 1) == 1);
	if (is(read(ends[0], &byte, 1), 1, "it executes, and registers a page")) {
		shows(old, 0, "the same descriptor, after exec");
		new = open_memory(pid);
		shows(new, 1, "twin: a new descriptor");
		close(new);
	}
	close(ends[0]);
	must(waitpid(pid, &status, 0) == pid);
	if (!ok(exited_with(status, 0), "the new program comes to its end"))
		diag("ended by %s", ending(status));
	shows(old, 0, "the same descriptor, after its end");
	close(old);
}

static void copy_self(const char *to, mode_t mode)
{
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC), out;
	char buffer[65536];
	ssize_t n;

	must(in >= 0);
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	must(out >= 0);
	while ((n = read(in, buffer, sizeof(buffer))) > 0)
		must(write(out, buffer, n) == n);
	must(!fchmod(out, mode));
	close(in);
	close(out);
}

void test(void)
{
	need_estp();
	page = page_size();
	copy_self(SET_USER_ID, 04755);
	copy_self("/tmp/unreadable", 0711);
	map_probe();
	must(!probe_register(PLACE));
	expect(by_exec, "/proc/self/exe", "fork, exec");
	expect(by_thread, "/proc/self/exe", "exec by another thread");
	expect(by_vfork, "/proc/self/exe", "vfork, exec");
	expect(as_other_user, SET_USER_ID, "exec of a set-user-id file");
	expect(as_other_user, "/tmp/unreadable", "exec of a file that may not be read");
	opened_before();
}
