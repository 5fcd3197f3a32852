// SPDX-License-Identifier: MIT
/*
 * LIM-31: where prctl(PR_SET_TSC) forbids a thread to read the counter, the SIGSEGV of reading it is no
 * FAULT: it says no more than that of a frame that cannot be written.
 *
 * Method: one instruction that reads the counter, in a FAULT span. The twins: with the counter allowed it goes
 * through, and an undefined instruction in that span diverts.
 */
#include <sys/prctl.h>

#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

static struct code *code;
static u32 recovered;
static struct regs in, out;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, recovered));
}

static u32 run(u32 entry)
{
	caught_reset();
	code_reset(code);
	regs_fill(&in, 1);
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

void test(void)
{
	const u32 read_counter = 0xd53be050;	/* mrs x16, cntvct_el0 */
	u32 start, end, illegal, response;
	u64 before;

	need_estp_and_counters();
	if (prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0))
		skip_all("this kernel forbids nobody to read the counter");
	code = code_new(1);
	start = emit_bytes(code, &read_counter, sizeof(read_counter));
	emit_land(code, THROUGH);
	illegal = emit_illegal(code);
	end = emit_land(code, 0xbad);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start, .end = end,
					   .response = response });
	code_seal(code);
	must(!code_register(code, ESTP_LAYOUT_TABLE));
	catch_signal(SIGSEGV, 0);
	caught_hook = recover;

	is(run(start), THROUGH, "twin: the counter is read");
	must(!prctl(PR_SET_TSC, PR_TSC_SIGSEGV, 0, 0, 0));
	before = diverted_all();
	is(run(start), RECOVERED, "forbidden, that is a signal");
	ok(caught->sig == SIGSEGV && caught->info.si_code == SI_KERNEL &&
	   caught->pc == (u64)code_addr(code, start), "SIGSEGV by the kernel, at that instruction");
	is(diverted_all(), before, "no diversion");
	is(run(illegal), RESPONSE, "twin: an undefined instruction there diverts");
	is(diverted_all() - before, 1, "the kernel counted it");
	must(!prctl(PR_SET_TSC, PR_TSC_ENABLE, 0, 0, 0));
	code_free(code);
}
