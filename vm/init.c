// SPDX-License-Identifier: MIT
/*
 * init - process 1 of the guest: run one program, tell how it ended, power off
 *
 *   console (ttyS0)  the kernel's alone; nothing here is ever parsed for the result
 *   out, err         the program's stdout and stderr, raw: not a byte is changed
 *                    (with --stdio other ports: init_stdio.c)
 *   status           what became of the run, one line a step, "end" last:
 *
 *        boot                    process 1 is up
 *        exit N | signal N       how the program ended
 *        refused N SENTENCE      the program could not be started, which as an exit status is N
 *        unload SENTENCE         the module could not be unloaded
 *        error SENTENCE          the run could not be set up
 *        end                     everything above was said; power-off follows
 *
 * A status without its "end" means that the guest died underway, whatever
 * else it holds. vm/run reads it.
 *
 * What to do is in a file that vm/run wrote: init_plan.c.
 *
 * Nothing here is worth keeping after a failure: the guest exists for one
 * program. So an error is reported and the guest goes down.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <net/if.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

static int status_fd = -1;
static int out_fd = -1, err_fd = -1;

void power_off(void)
{
	/* A byte still in a port's buffer would be lost with the machine. */
	if (out_fd >= 0)
		tcdrain(out_fd);
	if (err_fd >= 0)
		tcdrain(err_fd);
	if (status_fd >= 0)
		tcdrain(status_fd);
	sync();
	reboot(RB_POWER_OFF);
	for (;;)
		pause();
}

void tell(const char *format, ...)
{
	char line[512];
	va_list args;
	int len, done = 0;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line) - 1, format, args);
	va_end(args);
	if (len > (int)sizeof(line) - 2)
		len = sizeof(line) - 2;
	line[len++] = '\n';
	while (done < len) {
		ssize_t n = write(status_fd, line + done, len - done);

		if (n < 0 && errno != EINTR)
			return;		/* the missing line is the report */
		if (n > 0)
			done += n;
	}
}

/* Writes a kernel setting; one that this kernel lacks is none of our business. */
static void set(const char *path, const char *value)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, value, strlen(value)) < 0)
		dprintf(STDERR_FILENO, "init: %s: %s\n", path, strerror(errno));
	close(fd);
}

static void mount_all(void)
{
	static const struct {
		const char *type, *dir, *options;
	} mounts[] = {
		{ "proc", "/proc", NULL },
		{ "sysfs", "/sys", NULL },
		{ "devtmpfs", "/dev", "mode=0755" },
		{ "devpts", "/dev/pts", "mode=0620" },
		{ "tmpfs", "/dev/shm", "mode=1777" },
		{ "tmpfs", "/run", "mode=0755" },
		{ "cgroup2", "/sys/fs/cgroup", NULL },
		{ "debugfs", "/sys/kernel/debug", NULL },
		{ "tracefs", "/sys/kernel/tracing", NULL },
	};
	static const char * const links[][2] = {
		{ "/proc/self/fd", "/dev/fd" },
		{ "/proc/self/fd/0", "/dev/stdin" },
		{ "/proc/self/fd/1", "/dev/stdout" },
		{ "/proc/self/fd/2", "/dev/stderr" },
	};
	size_t i;

	/*
	 * The root is a tmpfs already, /tmp with it: a further one would only
	 * hide files that were packed there. A mount that this kernel cannot
	 * do fails in the program that needs it, and says so there.
	 */
	for (i = 0; i < sizeof(mounts) / sizeof(mounts[0]); i++) {
		mkdir(mounts[i].dir, 0755);
		if (mount(mounts[i].type, mounts[i].dir, mounts[i].type,
			  MS_NOSUID, mounts[i].options))
			dprintf(STDERR_FILENO, "init: %s: %s\n",
				mounts[i].dir, strerror(errno));
	}
	for (i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		if (symlink(links[i][0], links[i][1]))
			dprintf(STDERR_FILENO, "init: %s: %s\n",
				links[i][1], strerror(errno));
}

/* A serial port as a plain pipe: no echo, no end-of-line games, no signals. */
static int open_port(const char *path)
{
	struct termios port;
	int fd;

	if (!path)
		return -1;
	fd = open(path, O_WRONLY | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	if (!tcgetattr(fd, &port)) {
		cfmakeraw(&port);
		port.c_cflag |= CLOCAL;
		port.c_cflag &= ~(CRTSCTS | HUPCL);
		cfsetspeed(&port, B115200);
		tcsetattr(fd, TCSANOW, &port);
	}
	return fd;
}

static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return;
	if (!ioctl(fd, SIOCGIFFLAGS, &request)) {
		request.ifr_flags |= IFF_UP;
		ioctl(fd, SIOCSIFFLAGS, &request);
	}
	close(fd);
}

static void load_module(void)
{
	int fd = open(plan.module, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		give_up("cannot open %s: %s", plan.module, strerror(errno));
	if (syscall(SYS_finit_module, fd,
		    plan.module_args ? plan.module_args : "", 0))
		give_up("cannot load %s: %s; the kernel's log says why",
			plan.module, strerror(errno));
	close(fd);
}

/*
 * The last user may only just have gone, and its teardown can be deferred
 * work: hence five seconds of patience. A module that is gone already (the
 * program unloaded it) is as good.
 */
static void unload_module(void)
{
	const struct timespec pause = { .tv_nsec = 20 * 1000 * 1000 };
	int tries;

	for (tries = 0; tries < 250; tries++) {
		if (!syscall(SYS_delete_module, plan.module_name, O_NONBLOCK) ||
		    errno == ENOENT)
			return;
		if (errno != EBUSY && errno != EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	tell("unload the module %s cannot be unloaded: %s", plan.module_name,
	     strerror(errno));
}

/* "UID:GID:GROUP,GROUP..." */
static void become(const char *user)
{
	static gid_t groups[NGROUPS_MAX];
	size_t nr = 0;
	char *p;
	uid_t uid = strtoul(user, &p, 10);
	gid_t gid = strtoul(p + 1, &p, 10);

	while (*p && nr < sizeof(groups) / sizeof(*groups))
		groups[nr++] = strtoul(p + 1, &p, 10);
	if (setgroups(nr, groups) || setresgid(gid, gid, gid) || setresuid(uid, uid, uid))
		_exit(126);
}

static void no_stdin(void)
{
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0)
		dup2(null, STDIN_FILENO);
	if (null > STDERR_FILENO)
		close(null);
	dup2(out_fd, STDOUT_FILENO);
	dup2(err_fd, STDERR_FILENO);
}

static void child(int failed_fd)
{
	int error;

	setsid();
	if (plan.tty)
		child_stdio();
	else
		no_stdin();
	if (plan.user)
		become(plan.user);
	if (chdir(plan.cwd) && chdir("/"))
		_exit(127);
	environ = plan.env;
	execvp(plan.arg[0], plan.arg);
	error = errno;
	if (write(failed_fd, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* Waits for all that has been killed; where the module is to stay, not for who waits for it to go (SPEC LIM-41). */
static void reap_all(void)
{
	const struct timespec a_while = { .tv_nsec = 20000000 };
	int tries = plan.keep ? 250 : -1;

	while (tries) {
		pid_t gone = waitpid(-1, NULL, plan.keep ? WNOHANG : 0);

		if (gone < 0 && errno != EINTR)
			return;
		if (!gone) {
			nanosleep(&a_while, NULL);
			tries--;
		}
	}
}

/* Runs the program, reaping whatever it orphans; returns its wait status. */
static int run_program(void)
{
	int failed[2], error, status = 0;
	pid_t pid;

	if (plan.tty)
		prepare_stdio();
	if (pipe2(failed, O_CLOEXEC))
		give_up("pipe: %s", strerror(errno));
	pid = fork();
	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (!pid)
		child(failed[1]);
	close(failed[1]);
	if (read(failed[0], &error, sizeof(error)) == sizeof(error)) {
		tell("refused %d cannot run %s: %s", error == ENOENT ? 127 : 126, plan.arg[0],
		     strerror(error));
		tell("end");
		power_off();
	}
	close(failed[0]);
	if (plan.tty)
		start_stdio(pid);

	for (;;) {
		int one;
		pid_t gone = waitpid(-1, &one, 0);

		if (gone == pid) {
			status = one;
			break;
		}
		if (gone < 0 && errno != EINTR)
			give_up("wait: %s", strerror(errno));
	}

	/* What the program left running would hold the module and the ports. */
	kill(-1, SIGKILL);
	reap_all();
	if (plan.tty)
		finish_stdio();
	return status;
}

int main(void)
{
	int status;

	mount_all();
	read_plan();
	status_fd = open_port(plan.status);
	out_fd = open_port(plan.out);
	err_fd = open_port(plan.err);
	if (status_fd < 0)
		power_off();
	if (out_fd < 0 || err_fd < 0)
		give_up("the guest has no port %s or %s", plan.out, plan.err);
	if (plan.too_long)
		give_up("the program's arguments or environment are too long");
	if (!plan.arg_nr)
		give_up("no program given");
	tell("boot");

	/* From here on the log holds everything, debug messages included. */
	klogctl(8, NULL, 8);
	/* Long enough for who waits for threads that a busy host does not run. */
	set("/proc/sys/kernel/hung_task_timeout_secs", "45\n");
	set("/proc/sys/kernel/hung_task_check_interval_secs", "5\n");
	set("/proc/sys/kernel/hung_task_panic", "1\n");
	set("/proc/sys/kernel/softlockup_panic", "1\n");
	set("/proc/sys/kernel/hardlockup_panic", "1\n");
	set("/proc/sys/kernel/printk_devkmsg", "on\n");
	set("/proc/sys/kernel/sysrq", "1\n");	/* for a look at a hung guest */
	if (sethostname("guest", 5))
		dprintf(STDERR_FILENO, "init: hostname: %s\n", strerror(errno));
	bring_up_loopback();
	umask(022);

	load_kernel_modules();
	if (plan.module)
		load_module();
	if (plan.share)
		change_to_host_root();
	if (plan.settle)
		sleep(atoi(plan.settle));

	tell("start");
	status = run_program();
	if (WIFSIGNALED(status))
		tell("signal %d", WTERMSIG(status));
	else
		tell("exit %d", WEXITSTATUS(status));

	if (plan.module && !plan.keep)
		unload_module();
	if (plan.coverage)
		send_coverage();
	tell("end");
	power_off();
}
