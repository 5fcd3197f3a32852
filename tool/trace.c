// SPDX-License-Identifier: MIT
/*
 * estp trace - diversions and registrations as they happen, with names.
 *
 * With a command nothing is missed: it is let go when everything is set up, and what it
 * has done is read to the end after it has ended.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "estp.h"
#include "json.h"
#include "object.h"
#include "process.h"
#include "trace_show.h"
#include "watch.h"

#define WHO	"estp trace"

struct trace {
	struct watch watch;
	enum form form;
	u64 limit, shown;	/* 0: no limit */
	u32 buffer_kib;
	int *pid, *pidfd;	/* those given; closed ones are -1 */
	u32 pid_nr, alive;
	struct pollfd *poll;
	char **command;
	int child, child_fd;
	sigset_t before;
	int signals;
	bool stop;
};

static void show(const struct event *e, void *data)
{
	struct trace *trace = data;
	struct world *world = trace->watch.world;
	struct where where = { .to.object = "" };

	if (trace->limit && trace->shown == trace->limit)
		return;
	if ((trace->pid_nr || trace->command) && !world_follows(world, e->tid))
		return;
	where.pid = world_process(world, e->tid);
	where.comm = world_comm(world, e->tid);
	world_name(world, where.pid, e->kind == EVENT_DIVERT ? e->pc : e->addr, &where.at);
	if (e->kind == EVENT_DIVERT)
		world_name(world, where.pid, e->response, &where.to);
	trace_show(e, &where, trace->form);
	trace->shown++;
}

static bool enough(const struct trace *trace)
{
	return (trace->limit && trace->shown == trace->limit) || ferror(stdout);
}

/* ---- The command ----------------------------------------------------------------------- */

static void run_child(struct trace *trace, int go, int failed)
{
	char byte;
	int error;

	signals_restore(&trace->before);
	if (read(go, &byte, 1) != 1)
		_exit(2);
	execvp(trace->command[0], trace->command);
	error = errno;
	if (write(failed, &error, sizeof(error)) < 0)
		_exit(3);
	_exit(2);
}

static void signalled(struct trace *trace)
{
	struct signalfd_siginfo info;

	while (read(trace->signals, &info, sizeof(info)) == sizeof(info)) {
		/* A terminal's reaches the command by itself; it decides what it does. */
		if (trace->child > 0 && info.ssi_code != SI_KERNEL)
			kill(trace->child, info.ssi_signo);
		if (trace->child <= 0)
			trace->stop = true;
	}
}

/* Begun, but held until it is followed: then one byte lets it go. */
static int begin_child(struct trace *trace, int *go, int *failed)
{
	int gate[2], report[2];

	if (pipe2(gate, O_CLOEXEC) || pipe2(report, O_CLOEXEC))
		return -errno;
	/* Who began us may have ignored it: then the command's status is nobody's. */
	signal(SIGCHLD, SIG_DFL);
	trace->child = fork();
	if (trace->child < 0)
		return -errno;
	if (!trace->child) {
		close(gate[1]);
		close(report[0]);
		run_child(trace, gate[0], report[1]);
	}
	close(gate[0]);
	close(report[1]);
	*go = gate[1];
	*failed = report[0];
	trace->child_fd = syscall(SYS_pidfd_open, trace->child, 0);
	return trace->child_fd < 0 ? -errno : 0;
}

static int wait_child(struct trace *trace)
{
	struct pollfd fd[] = { { trace->child_fd, POLLIN, 0 }, { trace->signals, POLLIN, 0 } };
	int status;

	/* Only the tracing may be at its end: signals still are for the command. */
	while (poll(fd, 2, -1) <= 0 || !fd[0].revents)
		if (fd[1].revents)
			signalled(trace);
	while (waitpid(trace->child, &status, 0) < 0)
		if (errno != EINTR)
			return 2;
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- Waiting ---------------------------------------------------------------------------- */

/* Until there is something; says whether to go on. */
static bool wait_for_more(struct trace *trace)
{
	struct pollfd *fd = trace->poll;
	u32 nr = 0, i;

	fd[nr++] = (struct pollfd) { trace->signals, POLLIN, 0 };
	fd[nr++] = (struct pollfd) { session_fd(trace->watch.session), POLLIN, 0 };
	fd[nr++] = (struct pollfd) { trace->child > 0 ? trace->child_fd : -1, POLLIN, 0 };
	for (i = 0; i < trace->pid_nr; i++)
		fd[nr++] = (struct pollfd) { trace->pidfd[i], POLLIN, 0 };
	/* What settles is waited for; more of it would only wake us for nothing. */
	if (session_waiting(trace->watch.session))
		fd[1].fd = -1;
	poll(fd, nr, watch_timeout(&trace->watch));
	if (fd[0].revents)
		signalled(trace);
	if (fd[2].revents)
		return false;
	for (i = 0; i < trace->pid_nr; i++)
		if (fd[3 + i].revents && trace->pidfd[i] >= 0) {
			close(trace->pidfd[i]);
			trace->pidfd[i] = -1;
			trace->alive--;
		}
	return !trace->stop && (!trace->pid_nr || trace->alive || trace->child > 0);
}

static void trace_all(struct trace *trace)
{
	u64 told = now_ns();
	bool more;

	do {
		more = wait_for_more(trace);
		watch_take(&trace->watch, watch_settled(), show, trace);
		fflush(stdout);
		if (now_ns() - told > 1000000000ull) {
			told = now_ns();
			watch_tell_lost(&trace->watch);
		}
	} while (more && !enough(trace));
	session_stop(trace->watch.session);
	watch_take(&trace->watch, ~0ull, show, trace);
	watch_tell_lost(&trace->watch);
}

/* ---- Command line ------------------------------------------------------------------------ */

static void usage(FILE *to)
{
	fputs("usage: estp trace [OPTIONS] [-p PID]... [-- COMMAND [ARGUMENT]...]\n"
	      "Shows diversions, registrations and unregistrations as they happen, with names: of all\n"
	      "processes, or of those given and what they start meanwhile. Ends with the last of them,\n"
	      "at SIGINT, SIGTERM or SIGHUP. Needs the rights of root.\n\n"
	      "  -p, --pid PID   a process; may be given several times\n"
	      "  -n, --count N   end after N events\n"
	      "  --buffer KIB    of memory for each CPU; more, where events are lost\n"
	      "  --json          a JSON object a line\n"
	      "  --tabs          a line an event: time, CPU, comm, pid, tid, selector or REGISTER or\n"
	      "                  UNREGISTER, pc or address, object, symbol, line, response, its symbol,\n"
	      "                  its line, length, entries of a table\n\n"
	      "Exit status: COMMAND's, 128 + n if signal n killed it; without one 0; 2 it could not\n"
	      "be traced.\n", to);
}

static int fail(const char *what, const char *why)
{
	if (what)
		fprintf(stderr, WHO ": %s: %s\n", what, why);
	else
		fprintf(stderr, WHO ": %s\n", why);
	return 2;
}

static bool follow_pids(struct trace *trace, char *why, size_t why_len, char *what, size_t what_len)
{
	int mem;
	u32 i;

	trace->pidfd = tool_alloc(trace->pid_nr * sizeof(int));
	trace->poll = tool_alloc((3 + trace->pid_nr) * sizeof(*trace->poll));
	for (i = 0; i < trace->pid_nr; i++) {
		snprintf(what, what_len, "%d", trace->pid[i]);
		if (process_open(trace->pid[i], &mem, why, why_len) != LOOKED)
			return false;
		close(mem);
		/* Of a thread its whole process. */
		trace->pid[i] = process_of_thread(trace->pid[i]);
		trace->pidfd[i] = syscall(SYS_pidfd_open, trace->pid[i], 0);
		if (trace->pidfd[i] < 0) {
			snprintf(why, why_len, "it cannot be waited for: %s", strerror(errno));
			return false;
		}
		world_follow(trace->watch.world, trace->pid[i]);
	}
	trace->alive = trace->pid_nr;
	return true;
}

static int run(struct trace *trace)
{
	int go = -1, failed = -1, error = 0, status = 0;
	char why[512], what[32];

	if (!watch_open(&trace->watch, WHO, trace->buffer_kib, why, sizeof(why)))
		return fail(NULL, why);
	if (!follow_pids(trace, why, sizeof(why), what, sizeof(what)))
		return fail(what, why);
	if (trace->command) {
		error = begin_child(trace, &go, &failed);
		if (error)
			return fail(trace->command[0], strerror(-error));
		world_follow(trace->watch.world, trace->child);
	}
	if (!watch_start(&trace->watch, why, sizeof(why)))
		return fail(NULL, why);
	if (trace->command) {
		if (write(go, "", 1) != 1 ||
		    read(failed, &error, sizeof(error)) == sizeof(error)) {
			wait_child(trace);
			return fail(trace->command[0], strerror(error));
		}
	}
	if (trace->form == PLAIN)
		setlinebuf(stdout);
	trace_all(trace);
	if (trace->command)
		status = wait_child(trace);
	return finish_output(WHO) ? 2 : status;
}

int estp_trace(int argc, char **argv)
{
	static const struct option option[] = {
		{ "pid", required_argument, NULL, 'p' },
		{ "count", required_argument, NULL, 'n' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "tabs", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	struct trace trace = { .child = -1, .child_fd = -1 };
	int c, status;
	u64 value;

	optind = 1;
	while ((c = getopt_long(argc, argv, "+p:n:h", option, NULL)) != -1) {
		switch (c) {
		case 'p':
			if (!tool_number(optarg, 1, INT32_MAX, &value))
				return fail(optarg, "that is no pid");
			trace.pid = tool_more(trace.pid, trace.pid_nr, sizeof(int));
			trace.pid[trace.pid_nr++] = value;
			break;
		case 'n':
			if (!tool_number(optarg, 1, UINT64_MAX, &trace.limit))
				return fail(optarg, "that is no number of events");
			break;
		case 'b':
			if (!tool_number(optarg, 1, 1 << 22, &value))
				return fail(optarg, "that is no size of a buffer in KiB");
			trace.buffer_kib = value;
			break;
		case 'j':
			trace.form = JSON;
			break;
		case 't':
			trace.form = TABS;
			break;
		case 'h':
			usage(stdout);
			return finish_output(WHO);
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind < argc)
		trace.command = argv + optind;
	trace.signals = signals_open(&trace.before);
	status = run(&trace);
	watch_close(&trace.watch);
	free(trace.pid);
	free(trace.pidfd);
	free(trace.poll);
	return status;
}
