// SPDX-License-Identifier: MIT
/*
 * FLT-9, EVT-6: a branch to an instruction that is no landing pad, on a page where there
 * have to be some, is a SIGILL as without ESTP, also in a FAULT span; and a response needs
 * no landing pad, whatever PSTATE.BTYPE was when the thread was diverted.
 *
 * Method: code with PROT_BTI. An indirect branch leads into a FAULT span, to an
 * instruction that is no landing pad; beside it an undefined one shows that the
 * span is alive. Then a signal meets a thread whose BTYPE is set, as after such a branch,
 * inside an INTERRUPT and inside a PREEMPTION span; the response is no landing pad. The
 * twin, not registered, goes on with BTYPE set and dies of it.
 */
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "harness.h"

#define BTYPE		(3ull << 10)
#define BTYPE_JUMP	(1ull << 10)

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

static struct code *code;
static u32 recovered;
static struct regs in, out;

static void guard_pages(struct code *c)
{
	must(!mprotect(c->base, c->len, PROT_READ | PROT_EXEC | PROT_BTI));
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (sig == SIGILL) {
		frame_set_pc(uc, (u64)code_addr(code, recovered));
		uc->uc_mcontext.pstate &= ~BTYPE;
	}
}

static u32 run(u32 entry)
{
	caught_reset();
	code_reset(code);
	regs_fill(&in, 1);
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

/* Code of its own each time: QEMU keeps what it translated before pages were guarded. */
static void violation(bool guarded)
{
	const u32 adr = 0x10000050, br = 0xd61f0200;	/* adr x16, .+8; br x16 */
	u32 branch, target, illegal, end, response;

	code = code_new(1);
	branch = emit_bytes(code, &adr, 4);
	emit_bytes(code, &br, 4);
	target = emit_nop(code);
	illegal = emit_illegal(code);
	end = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = target,
					   .end = end, .response = response });
	code_seal(code);
	if (guarded)
		guard_pages(code);
	must(!code_register(code, ESTP_LAYOUT_PAGE));
	if (guarded) {
		is(run(branch), RECOVERED, "with PROT_BTI there is a SIGILL");
		is(caught->nr, 1, "one handler ran");
		is(caught->pc, (u64)code_addr(code, target), "at the branch's target");
	} else {
		is(run(branch), RESPONSE, "twin: without it the branch is taken, what follows diverts");
	}
	is(run(illegal), RESPONSE, "an undefined instruction in the same span diverts");
	is(caught->nr, 0, "without a signal");
	code_free(code);
}

static void set_btype(ucontext_t *uc)
{
	uc->uc_mcontext.pstate |= BTYPE_JUMP;
}

static void response(int selector, bool registered)
{
	u32 launch_off, start, end, response, landed;

	code = code_new(1);
	launch_off = emit_launch(code);
	start = emit_nop(code);
	end = emit_land(code, THROUGH);
	emit_prefix(code);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = selector, .start = start, .end = end,
					   .response = response });
	code_seal(code);
	guard_pages(code);
	if (registered)
		must(!code_register(code, ESTP_LAYOUT_PAGE));
	launch_hook = set_btype;
	caught_reset();
	regs_fill(&in, 2);
	landed = launch(code, launch_off, (u64)code_addr(code, start), SIGUSR1, &in, &out);
	launch_hook = NULL;
	is(landed, registered ? RESPONSE : RECOVERED, "%s%s: %s", registered ? "" : "twin, ",
	   selector == ESTP_INTERRUPT ? "INTERRUPT" : "PREEMPTION",
	   registered ? "the response is reached" : "the instruction is no landing pad");
	is(caught->nr, registered ? 1 : 2, "as many handlers ran as should");
	code_free(code);
}

void test(void)
{
	if (!(getauxval(AT_HWCAP2) & HWCAP2_BTI))
		skip_all("the CPU has no BTI");
	need_estp_and_counters();
	caught_hook = recover;
	catch_signal(SIGILL, 0);
	catch_signal(SIGUSR1, 0);
	violation(true);
	violation(false);
	response(ESTP_INTERRUPT, true);
	response(ESTP_PREEMPTION, true);
	response(ESTP_INTERRUPT, false);
}
