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

/* A probe at @at of the page. */
static void set_uprobe(u32 at)
{
	char event[96];

	snprintf(event, sizeof(event), "p:mine %s:%#x\n", FILE_, at);
	must(!write_file(TRACEFS "/uprobe_events", event));
	must(!write_file(TRACEFS "/events/uprobes/mine/enable", "1"));
}

static void clear_uprobe(void)
{
	must(!write_file(TRACEFS "/events/uprobes/mine/enable", "0"));
	must(!write_file(TRACEFS "/uprobe_events", ""));
}

static unsigned int hits(void)
{
	const char *at = strstr(read_file(TRACEFS "/uprobe_profile"), "mine");
	unsigned int nr = 0;

	if (at)
		sscanf(at, "mine %u", &nr);
	return nr;
}

/* With a probe at @at the event of @selector leads to response @want. */
static void with_uprobe(u32 at, int selector, int want, const char *what)
{
	unsigned int before;

	set_uprobe(at);
	before = hits();
	is(probe(p, VALUE, selector), want, "%s: the event %s", what, want ? "does not divert" : "diverts");
	ok(hits() > before, "%s: it was hit", what);
	clear_uprobe();
	is(probe(p, VALUE, selector), 0, "%s: gone, the event diverts", what);
}

/*
 * Where the kernel executes the instruction instead, it relies on the fault becoming a signal: an entry there
 * would have it warn.
 */
static unsigned long elsewhere(void)
{
	const char *line = strstr(read_file("/proc/self/maps"), "[uprobes]");

	must(line);
	while (line[-1] != '\n')
		line--;
	return strtoul(line, NULL, 16);
}

static void elsewhere_is_refused(void)
{
	unsigned long start = elsewhere();
	struct table t;

	table_init(&t, (void *)start);
	table_add(&t, ESTP_FAULT, (void *)start, INSNS(1), (void *)(start + INSNS(16)));
	is(table_register(&t), -EACCES, "the page where it is executed instead is not registered");
	table_free(&t);
	table_init(&t, p);
	table_add(&t, ESTP_FAULT, p, INSNS(1), p + INSNS(16));
	is(table_register(&t), 0, "twin: one of the program's own is");
	table_free(&t);
}

/*
 * Memory of the program's own where the kernel had its copy is registered, full of what faults, and the probe hit again. At
 * a response the kernel would find the step done that it waits for, of a fault.
 */
static void in_its_place(void *unused)
{
	struct code *c = code_new(1);
	u32 nop = emit_nop(c), at = emit_illegal(c), len = c->at - at, i;
	size_t page = page_size();
	struct table t;
	u8 *mine;

	if (probe_fault(p, VALUE) != -1)
		_exit(1);
	mine = (u8 *)elsewhere();
	must(!munmap(mine, page));
	must(mmap(mine, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == mine);
	for (i = 0; i + len <= page; i += len)
		memcpy(mine + i, code_place(c, at), len);
	memcpy(mine + page / 2, code_place(c, nop), code_nop_len);
	must(!mprotect(mine, page, PROT_READ | PROT_EXEC));
	table_init(&t, mine);
	table_add(&t, ESTP_FAULT, mine, page / 2, mine + page / 2)->causes = ESTP_CAUSE_ILL;
	must(!table_register(&t));
	_exit(probe_load(p, NULL) == PROBE_FAULTED && !strstr(read_file("/proc/self/maps"), "[uprobes]") ? 42 : 2);
}

static void its_place_is_no_span(void)
{
	int status;

	set_uprobe(probe_seq[ESTP_FAULT].start);
	status = run_child(in_its_place, NULL, 20);
	ok(exited_with(status, 42), "nor is a fault diverted in what took its place (%s)", ending(status));
	clear_uprobe();
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
	its_place_is_no_span();
	is(probe(p, VALUE, ESTP_INTERRUPT), 0, "without a uprobe the signal's frame leads to the response");
	with_uprobe(probe_seq[ESTP_INTERRUPT].response[0], ESTP_INTERRUPT, 0, "at INTERRUPT's response");
	with_uprobe(probe_seq[ESTP_PREEMPTION].response[0], ESTP_PREEMPTION, 0, "at PREEMPTION's response");
	must(!madv_unregister(p, page));
	unlink(FILE_);
}
