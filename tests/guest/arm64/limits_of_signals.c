// SPDX-License-Identifier: MIT
/*
 * LIM-26: two signals that are no FAULT, raised where the pc is in a FAULT span with their cause, are
 * delivered, but the line in the log that an unhandled one has (debug.exception-trace) is missing: of a branch to what
 * is no landing pad, and of a frame that rt_sigreturn cannot read.
 *
 * Method: a child dies of each, with its page registered and, as twin, without: it dies of the same signal each
 * time, and the log's lines are counted.
 */
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "../faults.h"

#define RESPONSE	1
#define THROUGH		2

static struct code *code;
static struct regs in, out;
static u32 branch, illegal, target;

static void run_branch(void *unused)
{
	regs_run(&in, &out, code_addr(code, branch));
}

/* An instruction outside of the span brings us here, its frame leads into it. */
static void lead_and_spoil(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, target));
	frame_break(uc);
}

static void run_bad_frame(void *unused)
{
	caught_hook = lead_and_spoil;
	catch_signal(SIGILL, SA_RESETHAND);
	regs_run(&in, &out, code_addr(code, illegal));
}

static void die(int log, unsigned int lines, const char *what)
{
	static const struct {
		const char *of;
		void (*run)(void *unused);
		int sig;
	} ways[] = { { "a branch", run_branch, SIGILL }, { "a frame", run_bad_frame, SIGSEGV } };
	unsigned int i;
	int status;

	for (i = 0; i < ARRAY_LEN(ways); i++) {
		klog_faults(log);
		code_reset(code);
		status = run_child(ways[i].run, NULL, 5);
		ok(killed_by(status, ways[i].sig), "%s, %s: it is delivered: %s", what, ways[i].of, ending(status));
		is(code->data->landed, LANDED_NOWHERE, "%s, %s: and led nowhere", what, ways[i].of);
		is(klog_faults(log), lines, "%s, %s: lines in the log", what, ways[i].of);
	}
}

void test(void)
{
	const u32 adr = 0x10000050, br = 0xd61f0200;	/* adr x16, .+8; br x16 */
	u32 end, response;
	int log;

	if (!(getauxval(AT_HWCAP2) & HWCAP2_BTI))
		skip_all("the CPU has no BTI");
	need_estp();
	log = klog_open();
	must(log >= 0);
	code = code_new(1);
	branch = emit_bytes(code, &adr, 4);
	emit_bytes(code, &br, 4);
	target = emit_nop(code);
	end = emit_land(code, THROUGH);
	illegal = emit_illegal(code);
	response = emit_land(code, RESPONSE);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = target, .end = end, .response = response });
	code_seal(code);
	must(!mprotect(code->base, code->len, PROT_READ | PROT_EXEC | PROT_BTI));
	regs_fill(&in, 1);

	die(log, 1, "twin, nothing registered");
	must(!code_register(code, ESTP_LAYOUT_PAGE));
	die(log, 0, "registered");
	must(!code_unregister(code));
	die(log, 1, "unregistered again");
	code_free(code);
}
