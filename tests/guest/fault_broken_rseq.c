// SPDX-License-Identifier: MIT
/*
 * FLT-8, FLT-10: a SIGSEGV that the kernel forces because a thread's rseq area is gone is
 * no FAULT, though the pc is in a FAULT span: no instruction has faulted.
 *
 * Method: in a child, a thread with an rseq area of its own has taken a fault of each
 * kind in turn, so that the kernel remembers it as the last trap; then it waits in the
 * span, its rseq area is made inaccessible, and it is preempted. It must die of SIGSEGV. The
 * twin does, too.
 */
#include <sys/rseq.h>

#include "faults.h"

#define RESPONSE	1
#define RECOVERED	2

static struct code *code;
static u32 outside, span_entry, response, recovered;
static struct regs in, out;
static bool registered;
static const struct fault_kind *kind;
static struct results {
	u32 landed, prepared;
} *results;
static void *area;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, recovered));
}

static void *wait_in_span(void *arg)
{
	struct rseq *old = (void *)((char *)__builtin_thread_pointer() + __rseq_offset);
	size_t page = sysconf(_SC_PAGESIZE);

	pin(1);
	set_fifo(0, 1);
	must(!syscall(SYS_rseq, old, 32, 1 /* unregister */, RSEQ_SIG));
	area = mmap(NULL, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(area != MAP_FAILED);
	must(!syscall(SYS_rseq, area, 32, 0, RSEQ_SIG));

	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)kind->arg());
	catch_signal(kind->sig, SA_RESETHAND);
	caught_hook = recover;
	regs_run(&in, &out, code_addr(code, outside));
	must(code->data->landed == RECOVERED);
	code_reset(code);
	results->prepared = 1;
	regs_run(&in, &out, code_addr(code, span_entry));
	results->landed = code->data->landed;
	return NULL;
}

static void child(void *arg)
{
	pthread_t thread;

	pin(0);
	preempt(1);
	if (registered)
		must(!code_register(code, ESTP_LAYOUT_TABLE));
	must(!pthread_create(&thread, NULL, wait_in_span, NULL));
	must(wait_until(results->prepared && code->data->inside, 5000));
	sleep_us(5000);
	must(!mprotect(area, sysconf(_SC_PAGESIZE), PROT_NONE));
	preempt(1);
	/* As soon as it runs it is killed, and we are: else we are still here. */
	sleep_us(5000000);
	_exit(1);
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	if (!__rseq_size)
		skip_all("the C library has not registered rseq");
	results = shared(sizeof(*results));
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		u32 start, end;
		int status;

		kind = &fault_kinds[i];
		code = code_new(1);
		outside = kind->emit(code);
		emit_land(code, 0xbad);
		span_entry = emit_inside(code);
		start = emit_hold(code);
		end = emit_land(code, 0xbad);
		response = emit_land(code, RESPONSE);
		recovered = emit_land(code, RECOVERED);
		code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
						   .end = end, .response = response });
		code_seal(code);
		for (registered = true;; registered = false) {
			memset(results, 0, sizeof(*results));
			code_reset(code);
			status = run_child(child, NULL, 10);
			ok(killed_by(status, SIGSEGV), "%safter %s: %s", registered ? "" : "twin, ",
			   kind->name, ending(status));
			is(results->landed, 0, "the code went nowhere");
			if (!registered)
				break;
		}
		code_free(code);
	}
}
