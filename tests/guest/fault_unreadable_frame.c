// SPDX-License-Identifier: MIT
/*
 * FLT-8: a signal frame that rt_sigreturn cannot read back is no FAULT, though it
 * has already brought the pc into a FAULT span: the SIGSEGV that the kernel raises
 * kills the process, or reaches its handler, as without ESTP.
 *
 * Method: in a child, an instruction faults outside of the span; its handler leads
 * its frame into the span and spoils the part of it that is read last, so that
 * the general registers, the pc among them, are restored when sigreturn fails. The
 * last trap that the kernel remembers is then that fault, of each kind in turn, so
 * that the failure looks like it. A real fault in the span shows that it is alive. The
 * twin ends the same way.
 */
#include "faults.h"

#define RESPONSE	1
#define THROUGH		2

static struct code *code;
static u32 outside, start, response;
static struct regs in, out;
static bool registered, handled;
static const struct fault_kind *kind;
static struct {
	u64 diversions, landed;
	unsigned int handlers;
} *results;

static void lead_and_spoil(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (results->handlers++ == 0) {
		frame_set_pc(uc, (u64)code_addr(code, start));
		frame_break(uc);
		return;
	}
	results->diversions = diverted(ESTP_FAULT);
	_exit(sig == SIGSEGV && info->si_code == BAD_FRAME_CODE ? 42 : 43);
}

static u32 run(u32 entry)
{
	code_reset(code);
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)kind->arg());
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

static void child(void *arg)
{
	if (registered) {
		must(!code_register(code, ESTP_LAYOUT_PAGE));
		must(run(start) == RESPONSE);
	}
	if (handled)
		catch_signal(SIGSEGV, 0);
	/* SIGSEGV itself: its default action again, once it is in the handler. */
	if (!handled || kind->sig != SIGSEGV)
		catch_signal(kind->sig, SA_RESETHAND);
	caught_hook = lead_and_spoil;
	results->landed = run(outside);
	_exit(1);
}

static void one(void)
{
	int status;

	memset(results, 0, sizeof(*results));
	status = run_child(child, NULL, 10);
	ok(handled ? exited_with(status, 42) : killed_by(status, SIGSEGV),
	   "%s%s, %s: %s", registered ? "" : "twin, ", kind->name,
	   handled ? "with a handler" : "no handler", ending(status));
	is(results->handlers, handled ? 2 : 1, "handlers were called as often as they should be");
	is(results->landed, 0, "the code went nowhere");
	/* Without a handler nobody is left to ask: the counters end with the process. */
	if (handled)
		is(results->diversions, registered, "nothing but the real fault was diverted");
}

void test(void)
{
	unsigned int i, k;

	need_estp_and_counters();
	results = shared(sizeof(*results));
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		u32 end;

		kind = &fault_kinds[i];
		code = code_new(1);
		outside = kind->emit(code);
		emit_land(code, 0xbad);
		start = kind->emit(code);
		end = emit_land(code, THROUGH);
		response = emit_land(code, RESPONSE);
		code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
						   .end = end, .response = response });
		code_seal(code);
		for (k = 0; k < 4; k++) {
			handled = k & 1;
			registered = !(k & 2);
			one();
		}
		code_free(code);
	}
}
