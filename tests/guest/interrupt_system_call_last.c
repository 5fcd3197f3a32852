// SPDX-License-Identifier: MIT
/*
 * INT-3, INT-4, INT-5, INT-6: a system call as the last instruction of an
 * INTERRUPT span is in the span if it has not started or is to be restarted, and
 * not if it was completed or ended with EINTR. A restart is not applied a second
 * time: the thread goes on exactly at the response.
 *
 * Method: one row for each way that a signal and a system call can meet. A call
 * that blocks is interrupted asleep; the response lies right behind its prefix word,
 * so that a pc rewound once more would run into data. Each row has its twin.
 */
#include <linux/futex.h>
#include <poll.h>

#include "harness.h"

#define RESPONSE	1
#define AFTER		2
#define HANDLED_SIGNAL	SIGUSR1

static int pipe_fd[2];
static u32 held_futex;
static char byte;
static struct timespec for_ever = { .tv_sec = 1000 };

static void call_read(struct regs *r)
{
	regs_set_syscall(r, SYS_read, pipe_fd[0], (u64)&byte, 1, 0);
}

static void call_ppoll(struct regs *r)
{
	regs_set_syscall(r, SYS_ppoll, 0, 0, 0, 0);
}

static void call_clock_nanosleep(struct regs *r)
{
	regs_set_syscall(r, SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, (u64)&for_ever, 0);
}

static void call_lock_pi(struct regs *r)
{
	regs_set_syscall(r, SYS_futex, (u64)&held_futex, FUTEX_LOCK_PI_PRIVATE, 0, 0);
}

static void release_read(void)
{
	must(write(pipe_fd[1], "x", 1) == 1);
}

static void release_lock_pi(void)
{
	syscall(SYS_futex, &held_futex, FUTEX_UNLOCK_PI_PRIVATE, 0, 0, 0, 0);
}

/* What the signal finds, and what becomes of the call. */
static const struct row {
	const char *name;
	void (*call)(struct regs *r);
	int flags;			/* of the handler */
	bool restarts;			/* so it is in the span */
	void (*release)(void);		/* lets a restarted call of the twin end */
} rows[] = {
	{ "read, SA_RESTART", call_read, SA_RESTART, true, release_read },
	{ "read, without SA_RESTART", call_read, 0, false, NULL },
	{ "ppoll (never restarts for a handler), SA_RESTART", call_ppoll, SA_RESTART, false, NULL },
	{ "clock_nanosleep (restart block), SA_RESTART", call_clock_nanosleep, SA_RESTART, false, NULL },
	{ "clock_nanosleep (restart block), without", call_clock_nanosleep, 0, false, NULL },
	{ "futex lock_pi (always restarts), without SA_RESTART", call_lock_pi, 0, true, release_lock_pi },
};

struct gate {
	struct code *code;
	u32 launch, entry, call, end, response;
};

static struct gate make(u32 mask)
{
	struct code *c = code_new(1);
	struct gate g = { .code = c };
	u32 start;

	g.launch = emit_launch(c);
	g.entry = emit_inside(c);
	start = emit_nop(c);
	g.call = emit_syscall(c);
	g.end = emit_land(c, AFTER);
	emit_prefix(c);
	g.response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start,
					.end = g.end, .response = g.response, .mask = mask });
	code_seal(c);
	return g;
}

/*
 * What frame and thread hold: after a call that counts as not made, its number is
 * back; rcx, where SYSCALL left the pc, shows the response, or in the twin the pc.
 */
static struct regs *expected(const struct regs *in, const struct gate *g, bool diverted_,
			     bool restarts, long result, u32 mask)
{
	static struct regs want;

	want = *in;
	regs_spoil_by_syscall(&want, code_addr(g->code, diverted_ ? g->response : g->end),
			      restarts ? regs_syscall_nr(in) : result);
	if (diverted_)
		regs_clear(&want, mask, false);
	return &want;
}

static void blocked(const struct row *row, int layout, u32 mask, bool registered)
{
	static struct victim v;
	struct gate g = make(mask);
	bool divert = registered && row->restarts;
	struct code *c = g.code;
	u64 before;
	u32 pc;

	held_futex = gettid_();
	if (registered)
		must(!code_register(c, layout));
	catch_signal(HANDLED_SIGNAL, row->flags);
	caught_reset();
	before = diverted(ESTP_INTERRUPT);
	v = (struct victim) { .code = c, .entry = g.entry, .cpu = cpus_nr() - 1 };
	regs_fill(&v.in, 7);
	row->call(&v.in);
	code_reset(c);
	victim_start_with(&v);
	must(wait_asleep(v.tid, 2000));
	must(!syscall(SYS_tgkill, getpid(), v.tid, HANDLED_SIGNAL));
	must(wait_until(caught->nr, 2000));

	pc = divert ? g.response : row->restarts ? g.call : g.end;
	is(caught->pc, (u64)code_addr(c, pc), "%s, %s, mask %#x: the frame holds %s",
	   row->name, registered ? layout_names[layout] : "twin", mask,
	   divert ? "the response" : row->restarts ? "the call" : "the pc after the call");
	is(regs_diff(&caught->frame, expected(&v.in, &g, divert, row->restarts, -EINTR, mask),
		     "frame"), 0, "its registers are right");
	if (divert)
		is(regs_diff_live(&caught->live, expected(&v.in, &g, true, true, 0, mask), "live"),
		   0, "the live ones, too");
	if (row->restarts && !divert) {
		must(wait_asleep(v.tid, 2000));
		row->release();
	}
	is(victim_join(&v, 2000), divert ? RESPONSE : AFTER, "the thread goes on there");
	if (divert || !row->restarts)
		is(regs_diff(&v.out, expected(&v.in, &g, divert, row->restarts, -EINTR, mask),
			     "thread"), 0, "with the frame's registers");
	is(diverted(ESTP_INTERRUPT) - before, divert, "%d diversion", divert);
	code_free(c);
}

/* The pc at the call, but the call not made: nothing of it may happen. */
static void not_started(int layout, u32 mask, bool registered)
{
	static struct regs in, out, want;
	struct gate g = make(mask);
	struct pollfd readable = { .fd = pipe_fd[0], .events = POLLIN };
	u64 before;

	if (registered)
		must(!code_register(g.code, layout));
	catch_signal(HANDLED_SIGNAL, SA_RESTART);
	caught_reset();
	before = diverted(ESTP_INTERRUPT);
	regs_fill(&in, 9);
	regs_set_syscall(&in, SYS_write, pipe_fd[1], (u64)"x", 1, 0);
	is(launch(g.code, g.launch, (u64)code_addr(g.code, g.call), HANDLED_SIGNAL, &in, &out),
	   registered ? RESPONSE : AFTER, "not started, %s, mask %#x: the thread goes on %s",
	   registered ? layout_names[layout] : "twin", mask,
	   registered ? "at the response" : "with the call");
	want = in;
	if (registered)
		regs_clear(&want, mask, false);
	is(caught->pc, (u64)code_addr(g.code, registered ? g.response : g.call),
	   "the frame holds the %s", registered ? "response" : "call");
	is(regs_diff(&caught->frame, &want, "frame"), 0, "no register but the masked ones changed");
	is(poll(&readable, 1, 0), registered ? 0 : 1, "the call was %smade",
	   registered ? "not " : "");
	if (!registered)
		must(read(pipe_fd[0], &byte, 1) == 1);
	is(diverted(ESTP_INTERRUPT) - before, registered, "%d diversion", registered);
	code_free(g.code);
}

/* The call sends the signal itself: it is completed when that is delivered. */
static void completed(int layout, u32 mask)
{
	static struct regs in, out;
	struct gate g = make(mask);
	u64 before;

	must(!code_register(g.code, layout));
	catch_signal(HANDLED_SIGNAL, SA_RESTART);
	caught_reset();
	before = diverted_all();
	regs_fill(&in, 11);
	regs_set_syscall(&in, SYS_tgkill, getpid(), gettid_(), HANDLED_SIGNAL, 0);
	is(launch(g.code, g.launch, (u64)code_addr(g.code, g.call), 0, &in, &out), AFTER,
	   "completed, %s: the thread goes on after the call", layout_names[layout]);
	is(caught->pc, (u64)code_addr(g.code, g.end), "the frame holds the pc after it");
	is(regs_diff(&caught->frame, expected(&in, &g, false, false, 0, 0), "frame"), 0,
	   "and its result, nothing cleared");
	is(regs_diff(&out, expected(&in, &g, false, false, 0, 0), "thread"), 0,
	   "the thread has them, too");
	is(diverted_all(), before, "no diversion");
	code_free(g.code);
}

void test(void)
{
	const u32 masks[] = { 0, REGS_CLEAR_VALID };
	unsigned int i, k;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	must(!pipe(pipe_fd));
	for (i = 0; i < ARRAY_LEN(rows); i++) {
		for (k = 0; k < ARRAY_LEN(layouts); k++)
			blocked(&rows[i], layouts[k], masks[k], true);
		blocked(&rows[i], 0, 0, false);
	}
	for (k = 0; k < ARRAY_LEN(layouts); k++) {
		not_started(layouts[k], masks[k], true);
		completed(layouts[k], masks[!k]);
	}
	not_started(0, 0, false);
}
