// SPDX-License-Identifier: MIT
/*
 * FLT-1, FLT-2, FLT-3, EVT-6, PAGE-6, PAGE-10: an instruction in a FAULT
 * span that would raise SIGSEGV, SIGBUS, SIGILL or SIGFPE goes on at the response:
 * no register changes, no signal is generated, whatever its handler, mask or
 * disposition, which all stay; the kernel logs nothing.
 *
 * Method: one instruction of each kind, as the first and as the last of the span, and
 * as the first one after it, under each disposition. The twins die of it, or their
 * handler runs, and the kernel's log says so.
 */
#include "faults.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

static struct regs in, out;

/* Code with the instruction in front of the span, at its ends, and behind it. */
struct place {
	struct code *code;
	u32 first, last, after;		/* entries */
	u32 recovered;
};
static struct place place;

static struct place make(const struct fault_kind *k)
{
	struct code *c = code_new(1);
	struct place p = { .code = c };
	u32 start, end, response, start2, end2;

	p.first = start = k->emit(c);
	emit_nop(c);
	end = c->at;
	emit_land(c, THROUGH);
	start2 = emit_nop(c);
	p.last = k->emit(c);
	end2 = p.after = k->emit(c);
	emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	p.recovered = emit_land(c, RECOVERED);
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = start,
					.end = end, .response = response });
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = start2,
					.end = end2, .response = response });
	code_seal(c);
	return p;
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(place.code, place.recovered));
}

static u32 run(const struct fault_kind *k, u32 entry)
{
	static u32 seed;

	code_reset(place.code);
	regs_fill(&in, ++seed);
	regs_set_arg(&in, (u64)k->arg());
	regs_run(&in, &out, code_addr(place.code, entry));
	return place.code->data->landed;
}

/* How the signal would be treated. */
enum disposition { HANDLED, DEFAULT, IGNORED, BLOCKED, DISPOSITIONS };
static const char *const disposition_names[DISPOSITIONS] = {
	"handled", "default", "ignored", "blocked",
};

static void dispose(int sig, enum disposition d)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sig);
	must(!sigprocmask(d == BLOCKED ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL));
	if (d == HANDLED)
		catch_signal(sig, 0);
	else
		must(signal(sig, d == IGNORED ? SIG_IGN : SIG_DFL) != SIG_ERR);
}

static bool same_disposition(int sig, const struct sigaction *action, const sigset_t *mask)
{
	struct sigaction now;
	sigset_t now_mask, pending;
	int i;

	must(!sigaction(sig, NULL, &now));
	must(!sigprocmask(SIG_SETMASK, NULL, &now_mask));
	must(!sigpending(&pending));
	for (i = 1; i < NSIG; i++)
		if (sigismember(mask, i) != sigismember(&now_mask, i))
			return false;
	return now.sa_handler == action->sa_handler && now.sa_flags == action->sa_flags &&
	       !sigismember(&pending, sig);
}

static void registered(const struct fault_kind *k, int layout, enum disposition d)
{
	struct sigaction action;
	sigset_t mask;
	u64 before = diverted(ESTP_FAULT);

	dispose(k->sig, d);
	must(!sigaction(k->sig, NULL, &action));
	must(!sigprocmask(SIG_SETMASK, NULL, &mask));
	caught_reset();
	is(run(k, place.first), RESPONSE, "%s, %s, signal %s: first instruction diverts",
	   k->name, layout_names[layout], disposition_names[d]);
	is(regs_diff(&out, &in, "first"), 0, "no register changed");
	is(run(k, place.last), RESPONSE, "last instruction diverts");
	is(regs_diff(&out, &in, "last"), 0, "no register changed");
	is(caught->nr, 0, "no handler ran");
	ok(same_disposition(k->sig, &action, &mask), "disposition and mask are the same, nothing is pending");
	is(diverted(ESTP_FAULT) - before, 2, "the kernel counted both");
	dispose(k->sig, DEFAULT);
}

static void behind(const struct fault_kind *k)
{
	u64 before = diverted_all();

	catch_signal(k->sig, 0);
	caught_reset();
	is(run(k, place.after), RECOVERED, "%s, first instruction after: the handler decides", k->name);
	is(caught->nr, 1, "it ran once");
	is(caught->pc, (u64)code_addr(place.code, place.after), "and saw that pc");
	is(regs_diff(&caught->frame, &in, "frame"), 0, "and all registers");
	is(diverted_all(), before, "no diversion");
	dispose(k->sig, DEFAULT);
}

static enum disposition twin_disposition;

static void twin_child(void *arg)
{
	const struct fault_kind *k = arg;

	must(!code_unregister(place.code));
	dispose(k->sig, twin_disposition);
	caught_reset();
	run(k, place.first);
	_exit(caught->nr == 1 && place.code->data->landed == RECOVERED ? 42 : 1);
}

static void twin(const struct fault_kind *k)
{
	int status;

	for (twin_disposition = 0; twin_disposition < DISPOSITIONS; twin_disposition++) {
		status = run_child(twin_child, (void *)k, 10);
		ok(twin_disposition == HANDLED ? exited_with(status, 42) : killed_by(status, k->sig),
		   "twin, %s, signal %s: %s", k->name, disposition_names[twin_disposition],
		   ending(status));
	}
}

void test(void)
{
	unsigned int i, l, d, twin_lines;
	int log = klog_open();

	need_estp_and_counters();
	must(log >= 0);
	caught_hook = recover;
	for (i = 0; i < ARRAY_LEN(fault_kinds); i++) {
		const struct fault_kind *k = &fault_kinds[i];

		place = make(k);
		for (l = 0; l < ARRAY_LEN(layouts); l++) {
			must(!code_register(place.code, layouts[l]));
			for (d = 0; d < DISPOSITIONS; d++)
				registered(k, layouts[l], d);
			behind(k);
			if (l == 0)
				must(!code_unregister(place.code));
		}
		is(klog_faults(log), 0, "%s: nothing in the kernel's log", k->name);
		twin(k);
		twin_lines = klog_faults(log);
		/* The kernel has no line for SIGBUS of a file, and is limited in rate. */
		if (i == 0)
			ok(twin_lines, "twin: the log says so (%u lines)", twin_lines);
		must(!code_unregister(place.code));
		code_free(place.code);
	}
}
