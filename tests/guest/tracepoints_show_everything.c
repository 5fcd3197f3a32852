// SPDX-License-Identifier: MIT
/*
 * TRC-1, TRC-2, TRC-3, TRC-4: estp_divert is emitted once for each diversion, with pid,
 * selector, pc and response; estp_register and estp_unregister for each call that
 * changed the set, with pid, address and length; tools see them like the kernel's own.
 *
 * Method: the raw tracefs: fields by the format files, events by trace_pipe, in an
 * instance of the test's own; diversions of all three selectors and signals as
 * PREEMPTION, by threads with pids of their own. Numbers are compared with those of
 * /dev/estp, and with a perf event on the same tracepoint. Twins: calls that fail, and
 * events on code that is not registered, emit nothing.
 */
#include <fcntl.h>
#include <linux/perf_event.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define TRACEFS	"/sys/kernel/tracing"
#define MINE	TRACEFS "/instances/mine"

static size_t page;
static int pipe_fd = -1;

/* Fields ------------------------------------------------------------------------------ */

static void has_fields(const char *event, const char *const *fields)
{
	char path[128], want[64];
	const char *format;

	snprintf(path, sizeof(path), TRACEFS "/events/estp/%s/format", event);
	format = read_file(path);
	for (; *fields; fields++) {
		snprintf(want, sizeof(want), " %s;\t", *fields);
		ok(strstr(format, want), "%s has the field %s", event, *fields);
	}
	ok(strstr(format, "print fmt:"), "%s can be printed", event);
}

static void formats(void)
{
	static const char *const divert[] = { "pid", "selector", "pc", "response", NULL };
	static const char *const range[] = { "pid", "addr", "len", NULL };

	has_fields("estp_divert", divert);
	has_fields("estp_register", range);
	has_fields("estp_unregister", range);
}

/* Events ------------------------------------------------------------------------------- */

struct event {
	char name[32];
	int pid;
	char selector[16];
	unsigned long pc, response, addr, len;
};

static char buffer[1 << 16];
static size_t filled;

/* "   task-12   [000] d..1.  1.234: estp_divert: pid=12 selector=FAULT pc=0x1 response=0x2" */
static bool parse(const char *line, struct event *e)
{
	const char *at = strstr(line, ": estp_");

	memset(e, 0, sizeof(*e));
	if (!at || sscanf(at + 2, "%31[^:]: pid=%d", e->name, &e->pid) != 2)
		return false;
	if (!strcmp(e->name, "estp_divert"))
		return sscanf(strstr(at, "pid="), "pid=%*d selector=%15s pc=%lx response=%lx",
			      e->selector, &e->pc, &e->response) == 3;
	return sscanf(strstr(at, "pid="), "pid=%*d addr=%lx len=%lu", &e->addr, &e->len) == 2;
}

/* The next event; false if there is none now. */
static bool next(struct event *e)
{
	for (;;) {
		char *end = memchr(buffer, '\n', filled);
		bool fine;
		ssize_t n;

		if (!end) {
			n = read(pipe_fd, buffer + filled, sizeof(buffer) - filled);
			if (n <= 0)
				return false;
			filled += n;
			continue;
		}
		*end = 0;
		fine = parse(buffer, e);
		if (!fine && !strstr(buffer, "LOST"))
			diag("not understood: %s", buffer);
		filled -= end + 1 - buffer;
		memmove(buffer, end + 1, filled);
		if (fine)
			return true;
	}
}

static u32 drain(void)
{
	struct event e;
	u32 nr = 0;

	while (next(&e))
		nr++;
	return nr;
}

static void one_divert(const char *what, int pid, const char *selector, u64 from, u64 to,
		       u64 response)
{
	struct event e = { 0 };
	bool there = next(&e);

	if (!ok(there && !strcmp(e.name, "estp_divert") && e.pid == pid &&
		!strcmp(e.selector, selector) && e.pc >= from && e.pc < to &&
		e.response == response, "%s: selector %s, pid, pc and response are right", what,
		selector))
		diag("%s pid %d (%d) selector %s pc %#lx (%#llx) response %#lx (%#llx)",
		     there ? e.name : "nothing", e.pid, pid, e.selector, e.pc,
		     (unsigned long long)from, e.response, (unsigned long long)response);
	is(drain(), 0, "%s: once", what);
}

static void diversions(void)
{
	u8 *p = probe_new(VALUE), *q = probe_new(VALUE + 0x100);
	static const char *const names[] = { "PREEMPTION", "INTERRUPT" };
	const struct probe_seq *s = &probe_seq[ESTP_FAULT];
	struct spinner spin;
	struct table t;
	int sel, i;

	must(!probe_register(p));
	drain();
	probe_fault(p, VALUE);
	one_divert("a fault", getpid(), "FAULT", (u64)p + s->start, (u64)p + s->end,
		   (u64)p + s->response[0]);
	for (sel = 0; sel < 2; sel++) {
		s = &probe_seq[sel];
		spinner_start(&spin, p, sel, 1);
		spinner_event(&spin);
		spinner_end(&spin);
		one_divert(sel ? "a signal" : "a preemption", spin.tid, names[sel],
			   (u64)p + s->start, (u64)p + s->end, (u64)p + s->response[0]);
	}

	/* A signal as PREEMPTION. */
	s = &probe_seq[ESTP_INTERRUPT];
	table_init(&t, q);
	table_add(&t, ESTP_PREEMPTION, q + s->start, s->end - s->start, q + s->response[1]);
	must(!table_register(&t));
	table_free(&t);
	drain();
	spinner_start(&spin, q, ESTP_INTERRUPT, 1);
	spinner_event(&spin);
	spinner_end(&spin);
	one_divert("a signal as PREEMPTION", spin.tid, "PREEMPTION", (u64)q + s->start,
		   (u64)q + s->end, (u64)q + s->response[1]);

	must(!madv_unregister(p, page));
	drain();
	for (i = 0; i < 5; i++)
		probe_fault(p, VALUE);
	is(drain(), 0, "twin: faults on code that is not registered emit nothing");
	must(!madv_unregister(q, page));
	drain();
}

static void one_range(const char *what, const char *name, const void *addr, size_t len)
{
	struct event e = { 0 };
	bool there = next(&e);

	if (!ok(there && !strcmp(e.name, name) && e.pid == getpid() && e.addr == (u64)addr &&
		e.len == len, "%s: %s, pid, address and length are right", what, name))
		diag("%s pid %d addr %#lx len %lu", there ? e.name : "nothing", e.pid, e.addr,
		     e.len);
	is(drain(), 0, "%s: once", what);
}

static void calls(void)
{
	u8 *p = pages_new(3);
	struct estp_table *h = pages_new(1);
	struct estp_entry *entry = pages_new(1);
	int i;

	for (i = 0; i < 3; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	must(!madv_register(p, 3 * page));
	one_range("three pages", "estp_register", p, 3 * page);
	*entry = (struct estp_entry) { .start = 0x10, .length = 4, .response = 0x10 };
	*h = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1), .base = (u64)p,
		.entries = (u64)entry, .entry_size = sizeof(*entry),
	};
	must(!madv_register(h, 32));
	one_range("a table", "estp_register", h, page);
	must(!madv_unregister(p, page));
	one_range("one page", "estp_unregister", p, page);
	must(!madv_unregister(NULL, USER_END));
	one_range("all there is", "estp_unregister", NULL, USER_END);

	must(madv_unregister(p, page) == -ENOENT);
	*(u64 *)p = 0;
	must(madv_register(p, page) == -ENOEXEC);
	must(madv_register(p + 1, page) == -EINVAL);
	must(!madv_register(p, 0));
	must(!madv_query(0));
	is(drain(), 0, "twin: calls that fail or do nothing emit nothing");
	munmap(p, 3 * page);
}

/* Numbers, and perf --------------------------------------------------------------------- */

static int perf_open(void)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr) };

	attr.config = atoi(read_file(TRACEFS "/events/estp/estp_divert/id"));
	return syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void numbers(void)
{
	void *p = probe_new(VALUE);
	int perf = perf_open(), i;
	u64 counted = 0, before;

	must(!probe_register(p));
	drain();
	before = diverted(ESTP_FAULT);
	must(perf >= 0);
	must(!ioctl(perf, PERF_EVENT_IOC_RESET, 0));
	for (i = 0; i < 100; i++)
		probe_fault(p, VALUE);
	must(read(perf, &counted, sizeof(counted)) == sizeof(counted));
	is(counted, 100, "perf counts a hundred");
	is(diverted(ESTP_FAULT) - before, 100, "so does /dev/estp");
	is(drain(), 100, "and so many are in the trace");
	close(perf);
}

void test(void)
{
	need_estp();
	need_cpus(2);
	pin(0);
	page = page_size();
	formats();
	must(!mkdir(MINE, 0700));
	pipe_fd = open(MINE "/trace_pipe", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	must(pipe_fd >= 0);
	must(!write_file(MINE "/events/estp/enable", "1"));
	calls();
	diversions();
	numbers();
	must(!write_file(MINE "/events/estp/enable", "0"));
	close(pipe_fd);
	must(!rmdir(MINE));
}
