// SPDX-License-Identifier: MIT
/*
 * guest - between this process and a program in a guest
 *
 *	stdin, stdout, stderr    vm/run inherits them, and brings them to the program
 *	signals, window size     lines on a socket that vm/run passes on (vm/init_stdio.c)
 *	how it ended             a line from there: "exit N" or "signal N"; "boot" before
 *
 * vm/run has a session of its own: the terminal's signals reach nobody but us, and
 * we say who sent them: those of the terminal are for the whole process group. If
 * we die, it is told to end.
 *
 * The caller's terminal becomes raw if it is stdin, and stdout or stderr: keys, ^C
 * among them, go as bytes to a terminal in the guest that makes signals of
 * them. Otherwise stdin is a pipe there and the terminal here goes on as it is. While
 * there is no guest yet (a kernel is downloaded, the module built), signals end vm/run
 * and us, and the terminal is as it was.
 */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "guest.h"

static struct termios cooked;
static int is_raw;

static struct {
	pid_t pid;			/* of vm/run, which leads a process group */
	int control;			/* the socket */
	int booted, silent;
	int signal;			/* what ended the program, or 0 */
	int status;			/* the program's; -1: nothing has been told of it */
	char fds[4];			/* which of 0, 1, 2 are to be a terminal, as digits */
	char size[16];
} guest = { .status = -1 };

static void make_raw(void)
{
	struct termios raw = cooked;

	cfmakeraw(&raw);
	/* From the background this stops us, as it should. */
	if (!tcsetattr(STDIN_FILENO, TCSADRAIN, &raw))
		is_raw = 1;
}

static void make_cooked(void)
{
	if (is_raw)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &cooked);
	is_raw = 0;
}

static void find_terminals(void)
{
	struct winsize here;
	int fd, nr = 0;

	for (fd = 0; fd < 3; fd++)
		if (isatty(fd))
			guest.fds[nr++] = '0' + fd;
	/* Nobody would show there what is typed. */
	if (!strcmp(guest.fds, "0"))
		nr = 0;
	guest.fds[nr] = '\0';
	if (!nr || ioctl(guest.fds[nr - 1] - '0', TIOCGWINSZ, &here))
		memset(&here, 0, sizeof(here));
	snprintf(guest.size, sizeof(guest.size), "%hux%hu", here.ws_row, here.ws_col);
}

static void send_line(const char *format, int a, int b)
{
	char line[64];
	int len = snprintf(line, sizeof(line), format, a, b);

	if (send(guest.control, line, len, MSG_NOSIGNAL) < 0 && errno != EPIPE)
		fprintf(stderr, "estp run: a signal is lost: %s\n", strerror(errno));
}

static void die_of(int nr)
{
	const struct rlimit none = { 0, 0 };
	sigset_t set;

	setrlimit(RLIMIT_CORE, &none);		/* the core would be ours */
	signal(nr, SIG_DFL);
	sigemptyset(&set);
	sigaddset(&set, nr);
	raise(nr);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

/* ^Z here stops the guest with us. */
static void stop_both(void)
{
	int raw = is_raw;

	make_cooked();
	kill(-guest.pid, SIGSTOP);
	raise(SIGSTOP);
	kill(-guest.pid, SIGCONT);
	if (raw)
		make_raw();
}

static void pass_on(const struct signalfd_siginfo *info)
{
	struct winsize here;
	int nr = info->ssi_signo;

	switch (nr) {
	case SIGCHLD:
		break;
	case SIGTSTP:
		stop_both();
		break;
	case SIGWINCH:
		if (*guest.fds && !ioctl(guest.fds[strlen(guest.fds) - 1] - '0', TIOCGWINSZ, &here))
			send_line("size %d %d\n", here.ws_row, here.ws_col);
		else
			send_line("signal %d\n", nr, 0);
		break;
	default:
		if (guest.booted) {
			send_line(info->ssi_code == SI_KERNEL ? "group %d\n" : "signal %d\n", nr, 0);
		} else {
			if (kill(-guest.pid, SIGTERM))
				kill(guest.pid, SIGTERM);
			waitpid(guest.pid, NULL, 0);
			die_of(nr);
		}
	}
}

/* Lines are short, and come one at a time or together. */
static void hear(void)
{
	char said[256], *line, *rest = said;
	ssize_t n = recv(guest.control, said, sizeof(said) - 1, MSG_DONTWAIT);

	guest.silent = !n;
	if (n <= 0)
		return;
	said[n] = '\0';
	while ((line = strsep(&rest, "\n"))) {
		sscanf(line, "signal %d", &guest.signal);
		sscanf(line, "exit %d", &guest.status);
		if (strcmp(line, "boot") || guest.booted)
			continue;
		guest.booted = 1;
		if (*guest.fds == '0' && !tcgetattr(STDIN_FILENO, &cooked))
			make_raw();
	}
}

static void start(char **argv, int control, const sigset_t *mask, pid_t parent)
{
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(RUN_NOT_SET_UP);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (dup2(control, 3) < 0)
		_exit(RUN_NOT_SET_UP);
	execv(argv[0], argv);
	fprintf(stderr, "estp run: cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(RUN_NOT_SET_UP);
}

int guest_run(char **argv)
{
	static const int passed[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGWINCH,
				      SIGTSTP, SIGCHLD };
	pid_t parent = getpid(), gone;
	sigset_t set, before;
	int ends[2], signals, status = 0;
	size_t i;

	find_terminals();
	argv[1] = "--control";
	argv[2] = "3";
	argv[3] = "--tty";
	argv[4] = guest.fds;
	argv[5] = "--size";
	argv[6] = guest.size;

	/* A signal that we were told to ignore stays so; but children have to be waited for. */
	signal(SIGCHLD, SIG_DFL);
	sigemptyset(&set);
	for (i = 0; i < sizeof(passed) / sizeof(*passed); i++)
		sigaddset(&set, passed[i]);
	sigprocmask(SIG_BLOCK, &set, &before);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends))
		goto failed;
	guest.control = ends[0];
	guest.pid = fork();
	if (guest.pid < 0)
		goto failed;
	if (!guest.pid)
		start(argv, ends[1], &before, parent);
	close(ends[1]);
	do {
		struct pollfd either[] = {
			{ .fd = signals, .events = POLLIN },
			{ .fd = guest.control, .events = POLLIN },
		};
		struct signalfd_siginfo info;

		poll(either, guest.silent ? 1 : 2, -1);
		if (!guest.silent && either[1].revents)
			hear();
		if (either[0].revents && read(signals, &info, sizeof(info)) == sizeof(info))
			pass_on(&info);
		gone = waitpid(guest.pid, &status, WNOHANG);
	} while (!gone || (gone < 0 && errno == EINTR));
	hear();
	make_cooked();
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (guest.signal) {
		die_of(guest.signal);
		return 128 + guest.signal;	/* one that ends no process here */
	}
	if (guest.status >= 0)
		return guest.status;
	if (WIFSIGNALED(status)) {
		fprintf(stderr, "estp run: vm/run was ended by signal %d\n", WTERMSIG(status));
		return RUN_NOT_SET_UP;
	}
	/* What it has a sentence for; any other is of a command in it, on a full disk for instance. */
	status = WEXITSTATUS(status);
	if (status >= RUN_TROUBLE && status <= RUN_NOT_FOUND)
		return status;
	fprintf(stderr, "estp run: vm/run failed (status %d)\n", status);
	return RUN_NOT_SET_UP;

failed:
	fprintf(stderr, "estp run: %s\n", strerror(errno));
	return RUN_NOT_SET_UP;
}
