// SPDX-License-Identifier: MIT
/*
 * estp stat - the counters of a process, how fast they grow, and in which sequences.
 *
 *   /dev/estp     diversions by selector: exact
 *   tracepoints   diversions by sequence, while watched; the rest of the above is said to be
 *                 of none
 *   ends.c        sequences that are begun again and again: do they come to their end?
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "count.h"
#include "estp.h"
#include "object.h"
#include "process.h"
#include "report.h"
#include "watch.h"

#define WHO	"estp stat"

struct stat_run {
	enum form form;
	u64 interval;		/* ns; 0: show once what there is */
	u64 limit, reports;	/* 0: no limit */
	u32 buffer_kib;
	int pid, pid_fd, mem, device, signals;
	bool traced;
	struct watch watch;
	struct counts counts;
	struct estp_stats last;	/* at the last report */
	struct report report;
	bool stop;
};

/* ---- Counting --------------------------------------------------------------------------- */

/* How much the counters grew; they begin anew if all is unregistered (DEV-3). */
static void grow(struct stat_run *run)
{
	struct report *report = &run->report;
	u32 i;

	for (i = 0; i < COUNTER_NR; i++) {
		u64 was = report_counter(&run->last, i), is = report_counter(&report->now, i);

		report->grown[i] = is >= was ? is - was : is;
		report->grown_all[i] += report->grown[i];
	}
}

static void update_list(struct stat_run *run)
{
	struct estp_sequence *seq;
	int error;
	u32 nr;

	seq = device_list(run->device, run->mem, &nr, &error);
	if (seq)
		counts_update(&run->counts, seq, nr);
	free(seq);
}

static void count(const struct event *event, void *data)
{
	struct stat_run *run = data;

	if (event->kind != EVENT_DIVERT) {
		run->counts.stale |= event->kind == EVENT_REGISTER;
		return;
	}
	if (world_process(run->watch.world, event->tid) != run->pid)
		return;
	if (run->counts.stale)
		update_list(run);
	counts_add(&run->counts, event);
}

static void take(struct stat_run *run, u64 until)
{
	if (run->traced)
		watch_take(&run->watch, until, count, run);
}

/* A new program has new counters; the old descriptor shows none for ever (DEV-7). */
static void look_again(struct stat_run *run)
{
	char why[256];
	int mem;

	if (process_open(run->pid, &mem, why, sizeof(why)) != LOOKED)
		return;
	close(run->mem);
	run->mem = mem;
	run->counts.stale = true;
}

static bool has_ended(const struct stat_run *run)
{
	struct pollfd fd = { run->pid_fd, POLLIN, 0 };

	return poll(&fd, 1, 0) > 0;
}

/* Counters and events of one moment: what is younger counts for the next interval. */
static u64 read_all(struct stat_run *run)
{
	struct estp_stats stats;
	u64 now;

	if (!run->report.now.memory)
		look_again(run);
	if (!device_stats(run->device, run->mem, &stats)) {
		/* Those of one that has ended are nothing. */
		run->report.ended |= has_ended(run);
		if (!run->report.ended)
			run->report.now = stats;
	}
	/* In this order: what is counted has an event, even if others have one too many. */
	now = now_ns();
	while (run->traced && watch_settled() < now)
		poll(NULL, 0, 1);
	take(run, run->report.ended ? ~0ull : now);
	if (run->traced && run->counts.stale)
		update_list(run);
	return now;
}

static void next_report(struct stat_run *run)
{
	struct report *report = &run->report;
	u64 now = read_all(run);

	grow(run);
	report->interval = true;
	report->seconds = now > report->began ? (now - report->began) / 1e9 : 1e-9;
	report_collect(report, &run->counts);
	report_show(report, run->form);
	if (run->traced)
		watch_tell_lost(&run->watch);
	counts_next(&run->counts);
	run->last = report->now;
	report->began = now;
	run->reports++;
}

/* ---- Watching ----------------------------------------------------------------------------- */

/* Until @deadline, a signal, or the process's end. */
static void wait_until(struct stat_run *run, u64 deadline)
{
	struct signalfd_siginfo info;
	u64 now;

	while (!run->report.ended && !run->stop && (now = now_ns()) < deadline) {
		struct pollfd fd[] = {
			{ run->signals, POLLIN, 0 }, { run->pid_fd, POLLIN, 0 },
			{ run->traced ? session_fd(run->watch.session) : -1, POLLIN, 0 },
		};
		int wait = run->traced ? watch_timeout(&run->watch) : 1000;

		if (run->traced && session_waiting(run->watch.session))
			fd[2].fd = -1;
		if ((deadline - now) / 1000000 + 1 < (u64)wait)
			wait = (deadline - now) / 1000000 + 1;
		poll(fd, 3, wait);
		if (fd[0].revents && read(run->signals, &info, sizeof(info)) == sizeof(info))
			run->stop = true;
		run->report.ended |= fd[1].revents != 0;
		take(run, watch_settled() < deadline ? watch_settled() : deadline);
		if (run->traced && !run->report.ended)
			counts_look_after(&run->counts, run->pid);
	}
}

static void begin_tracing(struct stat_run *run)
{
	char why[512];

	run->traced = watch_open(&run->watch, WHO, run->buffer_kib, why, sizeof(why)) &&
		      watch_start(&run->watch, why, sizeof(why));
	if (run->traced)
		return;
	watch_close(&run->watch);
	fprintf(stderr, WHO ": nothing can be shown by sequence: %s\n", why);
}

static int fail(const char *what, const char *why)
{
	if (what)
		fprintf(stderr, WHO ": %s: %s\n", what, why);
	else
		fprintf(stderr, WHO ": %s\n", why);
	return 2;
}

static int run_stat(struct stat_run *run, const char *name)
{
	sigset_t before;
	char why[256];
	int error;

	run->device = device_open(why, sizeof(why));
	if (run->device < 0)
		return fail(NULL, why);
	if (process_open(run->pid, &run->mem, why, sizeof(why)) != LOOKED)
		return fail(name, why);
	/* Of a thread its whole process. */
	run->pid = process_of_thread(run->pid);
	run->pid_fd = run->pid ? syscall(SYS_pidfd_open, run->pid, 0) : -1;
	if (run->pid_fd < 0 || !process_user(run->pid, run->report.user, sizeof(run->report.user)) ||
	    !process_command(run->pid, run->report.command, sizeof(run->report.command)))
		return fail(name, "there is no such process");
	run->signals = signals_open(&before);
	if (run->interval) {
		begin_tracing(run);
		update_list(run);
	}
	run->report.began = now_ns();
	error = device_stats(run->device, run->mem, &run->last);
	if (error) {
		snprintf(why, sizeof(why), ESTP_DEVICE " does not answer: %s", strerror(-error));
		return fail(name, why);
	}
	run->report.now = run->last;
	run->report.pid = run->pid;
	run->report.world = run->watch.world;
	/* What was diverted before the counters were read is in them. */
	while (run->traced && watch_settled() < run->report.began)
		poll(NULL, 0, 1);
	take(run, run->report.began);
	counts_forget(&run->counts);
	report_show(&run->report, run->form);
	while (run->interval && !run->report.ended && !run->stop && !ferror(stdout) &&
	       (!run->limit || run->reports < run->limit)) {
		wait_until(run, run->report.began + run->interval);
		next_report(run);
	}
	return finish_output(WHO);
}

/* ---- Command line ---------------------------------------------------------------------------- */

static void usage(FILE *to)
{
	fputs("usage: estp stat [OPTIONS] PID\n"
	      "Shows what a process has registered and how often it was diverted, by selector. With -i\n"
	      "then how often in each interval, by sequence, too, which needs the rights of root.\n\n"
	      "  -i, --interval SEC   further reports every SEC seconds, such as 0.5, until the process\n"
	      "                       ends, or SIGINT, SIGTERM or SIGHUP, before which comes a last one\n"
	      "  -n, --count N        end after N of them\n"
	      "  --buffer KIB         of memory for each CPU; more, where events are lost\n"
	      "  --json               a JSON object a line\n"
	      "  --tabs               lines \"time, all, selector, diversions, in the interval, per\n"
	      "                       second\" and \"time, sequence, selector, diversions while watched,\n"
	      "                       in the interval, per second, end, start, end of the span,\n"
	      "                       response, object, symbol, line\"\n"
	      "END: yes, a thread came to the end of the span in the interval; never, none did, though\n"
	      "it was diverted there 8 times and more while that was watched; -, not known.\n\n"
	      "Exit status: 0 shown; 2 the process could not be looked at.\n", to);
}

static bool seconds(const char *text, u64 *ns)
{
	char *end;
	double value = strtod(text, &end);

	*ns = value >= 0.01 && value <= 1e9 ? value * 1e9 : 0;
	return *text >= '0' && *text <= '9' && !*end && *ns;
}

int estp_stat(int argc, char **argv)
{
	static const struct option option[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "count", required_argument, NULL, 'n' },
		{ "buffer", required_argument, NULL, 'b' },
		{ "json", no_argument, NULL, 'j' },
		{ "tabs", no_argument, NULL, 't' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 }
	};
	static struct stat_run run;
	int c, status;
	u64 value;

	run = (struct stat_run) { .mem = -1 };
	optind = 1;
	while ((c = getopt_long(argc, argv, "i:n:h", option, NULL)) != -1) {
		switch (c) {
		case 'i':
			if (!seconds(optarg, &run.interval))
				return fail(optarg, "that is no interval in seconds");
			break;
		case 'n':
			if (!tool_number(optarg, 1, UINT64_MAX, &run.limit))
				return fail(optarg, "that is no number of reports");
			break;
		case 'b':
			if (!tool_number(optarg, 1, 1 << 22, &value))
				return fail(optarg, "that is no size of a buffer in KiB");
			run.buffer_kib = value;
			break;
		case 'j':
			run.form = JSON;
			break;
		case 't':
			run.form = TABS;
			break;
		case 'h':
			usage(stdout);
			return finish_output(WHO);
		default:
			usage(stderr);
			return 2;
		}
	}
	if (optind != argc - 1) {
		usage(stderr);
		return 2;
	}
	if (!tool_number(argv[optind], 1, INT32_MAX, &value))
		return fail(argv[optind], "that is no pid");
	run.pid = value;
	status = run_stat(&run, argv[optind]);
	watch_close(&run.watch);
	counts_free(&run.counts);
	free(run.report.counted);
	return status;
}
