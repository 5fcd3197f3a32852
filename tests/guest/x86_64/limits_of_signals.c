// SPDX-License-Identifier: MIT
/*
 * LIM-26, LIM-29: what does differ for signals that are no FAULT, and no more than that.
 * INT 4 in a FAULT span is delivered, but the line in the log that an unhandled one has is missing.
 * In a process with registrations a signal that no trap raised shows trap number 0 in its frame.
 *
 * Method: a child dies of INT 4, with its page registered and, as twin, without: it dies
 * of SIGSEGV each time, and the log's lines are counted. A handler takes a page fault, then the
 * process signals itself: the second frame's trap number is looked at, before anything is
 * registered (the twin: that of the fault) and afterwards.
 */
#include "../faults.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3
#define TRAP_PAGE_FAULT	14

static struct code *code;
static struct regs in, out;
static u32 load, recovered;
static u64 trap_number;

static void run_int_4(void *unused)
{
	signal(SIGSEGV, SIG_DFL);
	regs_run(&in, &out, code_addr(code, CODE_HEADER));
}

static void die(int log, unsigned int lines, const char *what)
{
	int status;

	klog_count(log, "trap overflow", NULL);
	code_reset(code);
	status = run_child(run_int_4, NULL, 5);
	ok(killed_by(status, SIGSEGV), "%s: INT 4 is delivered: %s", what, ending(status));
	is(code->data->landed, LANDED_NOWHERE, "%s: and led nowhere", what);
	is(klog_count(log, "trap overflow", NULL), lines, "%s: lines in the log", what);
}

static void look(int sig, siginfo_t *info, ucontext_t *uc)
{
	trap_number = uc->uc_mcontext.gregs[REG_TRAPNO];
	if (sig == SIGSEGV)
		frame_set_pc(uc, (u64)code_addr(code, recovered));
}

static u64 later_number(void)
{
	caught_reset();
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)fault_unmapped());
	regs_run(&in, &out, code_addr(code, load));
	must(caught->nr == 1 && caught->sig == SIGSEGV);
	is(trap_number, TRAP_PAGE_FAULT, "the fault's own frame has its trap number");
	must(!raise(SIGUSR1));
	must(caught->nr == 2 && caught->sig == SIGUSR1);
	return trap_number;
}

void test(void)
{
	u32 start, end, response;
	int log = klog_open();

	must(log >= 0);
	need_estp();
	code = code_new(1);
	start = emit_bytes(code, "\xcd\x04", 2);
	must(start == CODE_HEADER);
	emit_nop(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	load = emit_load(code);
	emit_land(code, THROUGH);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start, .end = end,
					   .response = response });
	code_seal(code);
	regs_fill(&in, 1);

	catch_signal(SIGSEGV, 0);
	catch_signal(SIGUSR1, 0);
	caught_hook = look;
	is(later_number(), TRAP_PAGE_FAULT, "twin, nothing registered: so has the next signal's");
	die(log, 1, "twin, nothing registered");

	must(!code_register(code, ESTP_LAYOUT_PAGE));
	is(later_number(), 0, "registered: the next signal's has none");
	die(log, 0, "registered");
	must(!code_unregister(code));
	die(log, 1, "unregistered again");
	code_free(code);
}
