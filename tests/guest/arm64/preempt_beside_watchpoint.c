// SPDX-License-Identifier: MIT
/*
 * PRE-1, LIM-1: perf's hardware breakpoints take no sequence's guarantee away. To get past an
 * instruction that they stop at, the kernel steps the thread by itself; if it leaves its CPU
 * before that step, it diverts.
 *
 * Method: a span that ends with a store. perf watches the word that it writes to, or the instruction, and
 * wakes a reader of highest priority on the same CPU, before the store has been done: so the
 * thread is preempted there. The twin, not registered, goes on and stores. (Steps of a tracer are
 * debug_single_step_ends.)
 */
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define VALUE		0x1234ull

static struct code *code;
static u64 *word;
static u32 start, store;
static int event;

static struct reader {
	pthread_t thread;
	volatile pid_t tid;
	volatile u32 woken;
	volatile bool stop;
} reader;

static void make(void)
{
	u32 end, response;

	code = code_new(1);
	start = emit_nop(code);
	store = emit_store(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = start, .end = end,
					   .response = response });
	code_seal(code);
}

/* This thread's stores to the word, or its coming to the store; each wakes whoever reads. */
static void watch(bool data)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT, .size = sizeof(attr), .sample_period = 1,
		.wakeup_events = 1, .exclude_kernel = 1, .exclude_hv = 1, .disabled = 1,
		.bp_type = data ? HW_BREAKPOINT_W : HW_BREAKPOINT_X,
		.bp_addr = data ? (u64)word : (u64)code_addr(code, store),
		.bp_len = data ? HW_BREAKPOINT_LEN_8 : HW_BREAKPOINT_LEN_4,
	};
	long pages = 2 * sysconf(_SC_PAGESIZE);

	event = syscall(SYS_perf_event_open, &attr, 0, -1, -1, PERF_FLAG_FD_CLOEXEC);
	must(event >= 0);
	/* Without its ring nobody is woken. */
	must(mmap(NULL, pages, PROT_READ | PROT_WRITE, MAP_SHARED, event, 0) != MAP_FAILED);
}

static void *read_on(void *arg)
{
	struct pollfd p = { .fd = event, .events = POLLIN };

	pin(0);
	set_fifo(0, 50);
	reader.tid = gettid_();
	while (!reader.stop && !reader.woken)
		reader.woken = poll(&p, 1, 1000) > 0;
	return arg;
}

static u64 hits(void)
{
	u64 count;

	must(read(event, &count, sizeof(count)) == sizeof(count));
	return count;
}

static void one(bool data, bool registered)
{
	const char *what = data ? "the word" : "the instruction", *who = registered ? "registered" : "twin";
	static struct regs in, out;
	u64 before, switches;

	watch(data);
	reader = (struct reader) { .tid = 0 };
	must(!pthread_create(&reader.thread, NULL, read_on, NULL));
	must(wait_until(reader.tid, 1000) && wait_asleep(reader.tid, 1000));
	*word = 0;
	code_reset(code);
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)word);
	regs_set_value(&in, VALUE);
	before = diverted(ESTP_PREEMPTION);
	switches = switches_of(gettid_());
	must(!ioctl(event, PERF_EVENT_IOC_ENABLE, 0));
	regs_run(&in, &out, code_addr(code, start));
	reader.stop = true;
	must(!pthread_join(reader.thread, NULL));
	is(code->data->landed, registered ? RESPONSE : THROUGH, "%s, %s is watched: %s", who, what,
	   registered ? "diverts" : "goes on");
	is(hits(), 1, "it was hit");
	is(reader.woken, 1, "which woke the reader");
	ok(switches_of(gettid_()) > switches, "on this CPU");
	is(diverted(ESTP_PREEMPTION) - before, registered, "so the kernel counted");
	is(*word, registered ? 0 : VALUE, "the store was%s done", registered ? " not" : "");
	is(regs_diff(&out, &in, what), 0, "no register changed");
	close(event);
}

void test(void)
{
	int registered;

	need_estp_and_counters();
	word = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(word != MAP_FAILED);
	make();
	pin(0);
	for (registered = 0; registered < 2; registered++) {
		if (registered)
			must(!code_register(code, ESTP_LAYOUT_PAGE));
		one(true, registered);
		one(false, registered);
	}
}
