// SPDX-License-Identifier: MIT
/*
 * The instance is called estp-PID.  One whose process is gone was left behind by somebody
 * who had no time to remove it (SIGKILL), and goes when the next session begins.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <kbuffer.h>
#include <tracefs.h>

#include "object.h"
#include "session.h"

#define PREFIX	"estp-"

struct session {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	int pipe;		/* only waited for */
	bool all, some;
	struct event *event;	/* that nobody has taken yet */
	u64 order;		/* of those of one time: as they were read */
	u32 event_nr;
};

static const char *const events[] = { "estp_divert", "estp_register", "estp_unregister" };

#define EVENT_NR	(sizeof(events) / sizeof(*events))

/* ---- Setting up ------------------------------------------------------------------------ */

static int remove_stale(const char *name, void *data)
{
	char *end;
	long pid;

	(void)data;
	if (strncmp(name, PREFIX, strlen(PREFIX)))
		return 0;
	pid = strtol(name + strlen(PREFIX), &end, 10);
	if (pid > 0 && !*end && kill(pid, 0) && errno == ESRCH) {
		struct tracefs_instance *stale = tracefs_instance_create(name);

		if (stale) {
			tracefs_instance_destroy(stale);
			tracefs_instance_free(stale);
		}
	}
	return 0;
}

/* Only what is needed: libtracefs's own way would read all symbols of the kernel. */
static bool read_formats(struct session *session)
{
	char *text;
	int len;
	u32 i;

	session->tep = tep_alloc();
	text = tracefs_instance_file_read(NULL, "events/header_page", &len);
	if (!session->tep || !text)
		return false;
	tep_parse_header_page(session->tep, text, len, sizeof(long));
	free(text);
	for (i = 0; i < EVENT_NR; i++) {
		text = tracefs_event_file_read(NULL, "estp", events[i], "format", &len);
		if (!text || tep_parse_event(session->tep, text, len, "estp")) {
			free(text);
			return false;
		}
		free(text);
	}
	return true;
}

static bool pids_are_the_kernels(void)
{
	struct stat st;

	/* The inode of the first pid namespace, which is ABI. */
	return stat("/proc/self/ns/pid", &st) || st.st_ino == 0xeffffffcu;
}

/* Why tracefs does not let us: a sentence. */
static bool reach_tracefs(char *why, size_t why_len)
{
	const char *dir;
	char path[4096];

	if (!pids_are_the_kernels()) {
		snprintf(why, why_len, "tracing shows the pids of the outermost pid namespace, and this is another one");
		return false;
	}
	dir = tracefs_tracing_dir();
	if (!dir) {
		if (geteuid())
			snprintf(why, why_len, "tracing needs the rights of root");
		else
			snprintf(why, why_len, "tracefs is not mounted: mount -t tracefs tracefs /sys/kernel/tracing");
		return false;
	}
	snprintf(path, sizeof(path), "%s/instances", dir);
	if (access(path, R_OK | W_OK | X_OK)) {
		snprintf(why, why_len, "tracing needs the right to write to %s, which root has: %s",
			 path, strerror(errno));
		return false;
	}
	snprintf(path, sizeof(path), "%s/events/estp/estp_divert", dir);
	if (access(path, F_OK)) {
		if (access(ESTP_DEVICE, F_OK))
			snprintf(why, why_len, "there is no " ESTP_DEVICE ": the module estp is not loaded");
		else
			snprintf(why, why_len, "there is no %s: %s", path, strerror(errno));
		return false;
	}
	return true;
}

struct session *session_open(bool all, u32 buffer_kib, char *why, size_t why_len)
{
	struct session *session;
	char name[32];

	tracefs_set_loglevel(TEP_LOG_NONE);
	if (!reach_tracefs(why, why_len))
		return NULL;
	session = tool_alloc(sizeof(*session));
	session->pipe = -1;
	session->all = all;
	tracefs_instances_walk(remove_stale, NULL);
	snprintf(name, sizeof(name), PREFIX "%d", getpid());
	session->instance = tracefs_instance_create(name);
	if (!session->instance) {
		snprintf(why, why_len, "a tracing instance cannot be made: %s", strerror(errno));
		session_close(session);
		return NULL;
	}
	if (!read_formats(session)) {
		snprintf(why, why_len, "the format of the tracepoints cannot be read");
		goto fail;
	}
	/* One clock with the side band; woken by the first event, not by half a buffer. */
	if (tracefs_instance_file_write(session->instance, "trace_clock", "mono") < 0 ||
	    tracefs_instance_file_write(session->instance, "buffer_percent", "0") < 0 ||
	    (buffer_kib && tracefs_instance_set_buffer_size(session->instance, buffer_kib, -1)) ||
	    (!all && tracefs_option_enable(session->instance, TRACEFS_OPTION_EVENT_FORK))) {
		snprintf(why, why_len, "the tracing instance cannot be set up: %s", strerror(errno));
		goto fail;
	}
	session->pipe = tracefs_instance_file_open(session->instance, "trace_pipe",
						   O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (session->pipe < 0) {
		snprintf(why, why_len, "the tracing instance cannot be read: %s", strerror(errno));
		goto fail;
	}
	return session;
fail:
	session_close(session);
	return NULL;
}

bool session_follow(struct session *session, const char *tids)
{
	if ((session->some ? tracefs_instance_file_append : tracefs_instance_file_write)
	    (session->instance, "set_event_pid", tids) < 0)
		return false;
	session->some = true;
	return true;
}

bool session_start(struct session *session, char *why, size_t why_len)
{
	u32 i;

	for (i = 0; i < EVENT_NR; i++)
		if (tracefs_event_enable(session->instance, "estp", events[i])) {
			snprintf(why, why_len, "%s cannot be traced: %s", events[i],
				 strerror(errno));
			return false;
		}
	return true;
}

void session_stop(struct session *session)
{
	tracefs_event_disable(session->instance, "estp", NULL);
}

void session_close(struct session *session)
{
	if (!session)
		return;
	/* As long as it is open, or events are enabled, the instance cannot go. */
	if (session->pipe >= 0)
		close(session->pipe);
	if (session->instance) {
		tracefs_event_disable(session->instance, "estp", NULL);
		tracefs_instance_destroy(session->instance);
		tracefs_instance_free(session->instance);
	}
	tep_free(session->tep);
	free(session->event);
	free(session);
}

/* ---- Reading --------------------------------------------------------------------------- */

int session_fd(const struct session *session)
{
	return session->pipe;
}

static u64 field(struct tep_event *format, struct tep_record *record, const char *name)
{
	unsigned long long value = 0;

	tep_get_field_val(NULL, format, name, record, &value, 0);
	return value;
}

static int take_record(struct tep_event *format, struct tep_record *record, int cpu, void *data)
{
	struct session *session = data;
	struct event event = {
		.time = record->ts, .order = session->order++,
		.cpu = cpu, .tid = field(format, record, "pid"),
	};

	if (!strcmp(format->name, "estp_divert")) {
		event.kind = EVENT_DIVERT;
		event.selector = field(format, record, "selector");
		event.pc = field(format, record, "pc");
		event.response = field(format, record, "response");
	} else {
		event.kind = EVENT_UNREGISTER;
		event.addr = field(format, record, "addr");
		event.len = field(format, record, "len");
		if (!strcmp(format->name, "estp_register")) {
			event.kind = EVENT_REGISTER;
			event.layout = field(format, record, "layout");
			event.count = field(format, record, "count");
		}
	}
	session->event = tool_more(session->event, session->event_nr, sizeof(event));
	session->event[session->event_nr++] = event;
	return 0;
}

void session_read(struct session *session)
{
	tracefs_iterate_raw_events(session->tep, session->instance, NULL, 0, take_record, session);
}

bool session_waiting(const struct session *session)
{
	return session->event_nr;
}

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void session_take(struct session *session, u64 time, each_event *each, void *data)
{
	struct event *event = session->event;
	u32 nr = session->event_nr, i;

	if (nr)
		qsort(event, nr, sizeof(*event), by_time);
	session->event = NULL;
	session->event_nr = 0;
	for (i = 0; i < nr; i++) {
		if (event[i].time <= time) {
			each(&event[i], data);
			continue;
		}
		session->event = tool_more(session->event, session->event_nr, sizeof(*event));
		session->event[session->event_nr++] = event[i];
	}
	free(event);
}

u64 session_lost(struct session *session)
{
	int cpu, nr = sysconf(_SC_NPROCESSORS_CONF);
	u64 lost = 0;

	for (cpu = 0; cpu < nr; cpu++) {
		static const char *const count[] = { "overrun: ", "dropped events: " };
		char name[64], *text, *at;
		u32 i;

		snprintf(name, sizeof(name), "per_cpu/cpu%d/stats", cpu);
		text = tracefs_instance_file_read(session->instance, name, NULL);
		for (i = 0; text && i < 2; i++)
			if ((at = strstr(text, count[i])) && (at == text || at[-1] == '\n'))
				lost += strtoull(at + strlen(count[i]), NULL, 10);
		free(text);
	}
	return lost;
}
