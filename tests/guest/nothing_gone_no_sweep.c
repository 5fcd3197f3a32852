// SPDX-License-Identifier: MIT
/*
 * UNREG-5, LIM-9: a call that removes nothing has nobody look through what is registered: not UNREGISTER
 * where there is nothing, nor a refused REGISTER, nor whoever asks for statistics where nothing has gone.
 *
 * Method: the kernel tells of each work that begins, by its event of work queues. Many such calls are
 * made, over a time in which there would be several of ours. The twin is an UNREGISTER of something,
 * after which there is one, and of many there is one each 100 ms at most. Looks are counted by the function tracer.
 */
#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define TRACEFS	"/sys/kernel/tracing"
#define WORK_EVENT	"events/workqueue/workqueue_execute_start/enable"
#define WORKS	times_in(TRACEFS "/trace", "function look_work")
#define LOOKS	times_in(TRACEFS "/trace", "estp_set_sweep <-")
#define CALLS	30
#define OFTEN	100
#define WAIT_US	20000

static void trace_begins(const char *file, const char *text)
{
	char path[96];

	snprintf(path, sizeof(path), TRACEFS "/%s", file);
	must(!write_file(TRACEFS "/trace", "") && !write_file(path, text));
}

static void trace_ends(const char *file, const char *text)
{
	trace_begins(file, text);
	must(!write_file(TRACEFS "/trace", ""));
}

/* Of calls that nothing comes of, no work begins. */
static void no_work(u8 *goes)
{
	u8 *bad = probe_new(VALUE);
	unsigned int i, wrong = 0;

	((u64 *)bad)[0] = 0x1234567890;
	/* What came before has been looked after. */
	sleep_us(CALLS * WAIT_US);
	trace_begins(WORK_EVENT, "1\n");
	for (i = 0; i < CALLS; i++) {
		wrong += madv_unregister(bad, page_size()) != -ENOENT;
		wrong += madv_unregister(bad, 0) != -ENOENT;
		wrong += madv_register(bad, page_size()) != -ENOEXEC;
		sleep_us(WAIT_US);
	}
	is(wrong, 0, "%d times nothing was unregistered, and a registration refused", CALLS);
	is(WORKS, 0, "no work of ours has begun");
	must(!madv_unregister(goes, page_size()));
	ok(wait_until(WORKS, 5000), "twin: something unregistered, one has");
	trace_ends(WORK_EVENT, "0\n");
}

/* However often something goes, there is a work each 100 ms at most. */
static void works_are_few(u8 *goes)
{
	unsigned int i, works;
	u64 begin;

	sleep_us(CALLS * WAIT_US);
	trace_begins(WORK_EVENT, "1\n");
	begin = now_ms();
	for (i = 0; i < OFTEN || now_ms() - begin < 500; i++)
		must(!probe_register(goes) && !madv_unregister(goes, page_size()));
	ok(wait_until(WORKS, 5000), "%u times something was unregistered: it is looked after", i);
	works = WORKS;
	/* The works' delays count ticks, of which some may be late. */
	ok(works <= (now_ms() - begin) / 100 + 3, "%u times in %llu ms", works,
	   (unsigned long long)(now_ms() - begin));
	trace_ends(WORK_EVENT, "0\n");
}

/* Where nothing has gone since the last look, who asks for statistics has no look taken. */
static void no_look(u8 *goes)
{
	unsigned int i;

	must(!probe_register(goes));
	/* What came before has been looked after, and this is the look at what it left. */
	sleep_us(CALLS * WAIT_US);
	stats();
	must(!write_file(TRACEFS "/set_ftrace_filter", "estp_set_sweep"));
	trace_begins("current_tracer", "function");
	for (i = 0; i < CALLS; i++)
		stats();
	is(LOOKS, 0, "asked %d times, nobody has looked", CALLS);
	must(!madv_unregister(goes, page_size()));
	stats();
	ok(LOOKS, "twin: something unregistered, somebody has");
	trace_ends("current_tracer", "nop");
	must(!write_file(TRACEFS "/set_ftrace_filter", ""));
}

void test(void)
{
	u8 *stays = probe_new(VALUE), *goes = probe_new(VALUE);

	need_estp();
	must(!probe_register(stays) && !probe_register(goes));
	no_work(goes);
	works_are_few(goes);
	no_look(goes);
	is(probe_fault(stays, VALUE), 0, "what stays diverts");
	must(!madv_unregister(stays, page_size()));
}
