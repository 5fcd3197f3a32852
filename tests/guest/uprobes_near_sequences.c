// SPDX-License-Identifier: MIT
/*
 * LIM-2, REG-10, FLT-1, INT-1, PRE-1: a uprobe at a response, or elsewhere beside a span, changes nothing but that it
 * is hit; one in the span executes the instruction elsewhere, where no sequence is: the
 * fault is a signal then, as stated, and that place cannot be registered (REG-10). When it has gone
 * everything is as before.
 *
 * Method: the probe's page as a file, mapped and registered; uprobes by tracefs, their hits
 * counted there. The twin is the fault without one, and the fault with one in the span.
 *
 * One CPU on x86_64: setting breakpoints replaces code, see module_keeps_ftrace_working.
 *
 * vm x86_64: --cpus 1
 */
#include <fcntl.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define TRACEFS	"/sys/kernel/tracing"
#define FILE_	"/tmp/code"

static void *p;

static unsigned int hits(void)
{
	const char *at = strstr(read_file(TRACEFS "/uprobe_profile"), "mine");
	unsigned int nr = 0;

	if (at)
		sscanf(at, "mine %u", &nr);
	return nr;
}

/* A probe at @at of the page; the event of @selector then leads to response @want. */
static void with_uprobe(u32 at, int selector, int want, const char *what)
{
	char event[96];
	unsigned int before;

	snprintf(event, sizeof(event), "p:mine %s:%#x\n", FILE_, at);
	must(!write_file(TRACEFS "/uprobe_events", event));
	must(!write_file(TRACEFS "/events/uprobes/mine/enable", "1"));
	before = hits();
	is(probe(p, VALUE, selector), want, "%s: the event %s", what, want ? "does not divert" : "diverts");
	ok(hits() > before, "%s: it was hit", what);
	must(!write_file(TRACEFS "/events/uprobes/mine/enable", "0"));
	must(!write_file(TRACEFS "/uprobe_events", ""));
	is(probe(p, VALUE, selector), 0, "%s: gone, the event diverts", what);
}

/*
 * Where the kernel executes the instruction instead, it relies on the fault becoming a signal: an entry there
 * would have it warn.
 */
static void elsewhere_is_refused(void)
{
	const char *line = strstr(read_file("/proc/self/maps"), "[uprobes]");
	unsigned long start;
	struct table t;

	must(line);
	while (line[-1] != '\n')
		line--;
	start = strtoul(line, NULL, 16);
	table_init(&t, (void *)start);
	table_add(&t, ESTP_FAULT, (void *)start, INSNS(1), (void *)(start + INSNS(16)));
	is(table_register(&t), -EACCES, "the page where it is executed instead is not registered");
	table_free(&t);
	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p, INSNS(1), p + INSNS(16));
	is(table_register(&t), 0, "twin: one of the program's own is");
	table_free(&t);
}

void test(void)
{
	const struct probe_seq *f = &probe_seq[ESTP_FAULT];
	size_t page = page_size();
	void *made = probe_new(VALUE);
	int fd;

	need_estp();
	probe_header(made, 0);
	if (access(TRACEFS "/uprobe_events", W_OK))
		skip_all("this kernel has no uprobe events");
	fd = open(FILE_, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0755);
	must(fd >= 0 && write(fd, made, page) == (ssize_t)page);
	p = mmap(NULL, page, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
	must(p != MAP_FAILED);
	must(!madv_register(p, page));
	is(probe_fault(p, VALUE), 0, "without a uprobe the fault diverts");
	with_uprobe(f->response[0], ESTP_FAULT, 0, "at the response");
	with_uprobe(f->start, ESTP_FAULT, -1, "in the span");
	elsewhere_is_refused();
	is(probe(p, VALUE, ESTP_INTERRUPT), 0, "without a uprobe the signal's frame leads to the response");
	with_uprobe(probe_seq[ESTP_INTERRUPT].response[0], ESTP_INTERRUPT, 0, "at INTERRUPT's response");
	with_uprobe(probe_seq[ESTP_PREEMPTION].response[0], ESTP_PREEMPTION, 0, "at PREEMPTION's response");
	must(!madv_unregister(p, page));
	unlink(FILE_);
}
