// SPDX-License-Identifier: MIT
/*
 * INT-11, INT-7: with several signals at once the thread is diverted for the
 * first frame; later frames hold the pc of a handler, and none holds a secret.
 *
 * Method: three pending signals are unblocked at once in an INTERRUPT span, so
 * that three frames are written before a single instruction runs. Their handlers
 * then run nested, the last frame's first.
 */
#include "harness.h"

#define RESPONSE	1
#define AFTER		2
#define SIGNALS		3

static const int signals[SIGNALS] = { SIGUSR1, SIGUSR2, SIGWINCH };
static struct {
	int sig;
	u64 pc;
	size_t secrets;
} frames[SIGNALS + 1];
static unsigned int frame_nr;

static void note(int sig, siginfo_t *info, ucontext_t *uc)
{
	if (frame_nr > SIGNALS)
		return;
	frames[frame_nr].sig = sig;
	frames[frame_nr].pc = caught->pc;
	frames[frame_nr].secrets = caught->stack_secrets + caught->live_secrets;
	frame_nr++;
}

static void unblock_all(ucontext_t *uc)
{
	int i;

	for (i = 0; i < SIGNALS; i++)
		sigdelset(&uc->uc_sigmask, signals[i]);
}

static u32 run(struct code *c, u32 launch_off, u32 pc, struct regs *in, struct regs *out)
{
	sigset_t set, old;
	u32 landed;
	int i;

	sigemptyset(&set);
	for (i = 0; i < SIGNALS; i++)
		sigaddset(&set, signals[i]);
	must(!pthread_sigmask(SIG_BLOCK, &set, &old));
	for (i = 0; i < SIGNALS; i++)
		must(!syscall(SYS_tgkill, getpid(), gettid_(), signals[i]));
	frame_nr = 0;
	caught_reset();
	regs_fill(in, 21);
	launch_hook = unblock_all;
	landed = launch(c, launch_off, (u64)code_addr(c, pc), 0, in, out);
	launch_hook = NULL;
	must(!pthread_sigmask(SIG_SETMASK, &old, NULL));
	return landed;
}

extern void handler_entry(int sig, siginfo_t *info, void *uc);

void test(void)
{
	static struct regs in, out, want;
	struct code *c = code_new(1);
	u32 launch_off, start, end, response;
	u64 before;
	unsigned int i;

	need_estp_and_counters();
	launch_off = emit_launch(c);
	start = emit_nop(c);
	emit_nop(c);
	end = emit_land(c, AFTER);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					.response = response, .mask = REGS_CLEAR_VALID });
	code_seal(c);
	caught_hook = note;
	for (i = 0; i < SIGNALS; i++)
		catch_signal(signals[i], 0);

	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(c, layouts[i]));
		before = diverted(ESTP_INTERRUPT);
		is(run(c, launch_off, start, &in, &out), RESPONSE,
		   "%s: after all handlers the thread goes on at the response", layout_names[i]);
		is(frame_nr, SIGNALS, "%d handlers ran", SIGNALS);
		is(frames[2].pc, (u64)code_addr(c, response), "the first frame holds the response");
		is(frames[1].pc, (u64)handler_entry, "the second one a handler");
		is(frames[0].pc, (u64)handler_entry, "the third one a handler");
		is(frames[0].secrets + frames[1].secrets + frames[2].secrets, 0,
		   "no secret in any frame or handler");
		want = in;
		regs_clear(&want, REGS_CLEAR_VALID, false);
		is(regs_diff(&out, &want, "thread"), 0, "only masked registers changed");
		is(diverted(ESTP_INTERRUPT) - before, 1, "one diversion");
		must(!code_unregister(c));
	}
	is(run(c, launch_off, start, &in, &out), AFTER, "twin: goes on in the sequence");
	is(frames[2].pc, (u64)code_addr(c, start), "twin: the first frame holds the true pc");
	ok(frames[2].secrets && frames[0].secrets, "twin: secrets are found");
	is(regs_diff(&out, &in, "twin"), 0, "twin: no register changed");
	code_free(c);
}
