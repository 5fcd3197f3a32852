// SPDX-License-Identifier: MIT
/*
 * CPU-7, SIG-1: an operation that is interrupted before any of its instructions, by a
 * handler that does the same operation, happens once; and on the CPU where the thread is.
 *
 * Method: an operation's instructions are found (by single steps where they can be of any
 * length). Then, for each, a breakpoint there; its handler takes it out and leaves a signal pending, which is
 * delivered before the instruction. That signal's handler does the operation and, the
 * second time around, moves the thread to another CPU. The twin, unregistered, is wrong
 * at every instruction but those up to where the CPU's number is read, and but those where a
 * comparison is still to come that sees what the handler did.
 *
 * Where the machine can, the operations' pages demand landing pads, of which responses are none; that they do
 * is shown by a branch to what is behind an operation's own.
 */
#include "operations.h"

const unsigned int test_seconds = 60;

static volatile u64 span_start, span_end;
static u64 boundary[64];
static unsigned int boundary_nr;

static const struct operation *op;
static void *breakpoint;
static u32 instruction;
static bool move;
static volatile unsigned int hit, handled;

static void trap(int sig, siginfo_t *info, void *context)
{
	breakpoint_remove(breakpoint, instruction);
	frame_set_pc(context, (u64)breakpoint);
	hit++;
	/* Blocked until the frame is gone. */
	syscall(SYS_tgkill, getpid(), gettid_(), SIGUSR1);
}

static void same(int sig)
{
	handled++;
	must(!op->once());
	if (move)
		pin(1);
}

static void install(int sig, void (*action)(int, siginfo_t *, void *))
{
	struct sigaction a = { .sa_sigaction = action, .sa_flags = SA_SIGINFO };

	sigaddset(&a.sa_mask, SIGUSR1);
	must(!sigaction(sig, &a, NULL));
}

static void once(void)
{
	op->once();
}

static void find_boundaries(void)
{
	const struct estp_record *r;

	span_start = 0;
	for (r = __start_estp_entries; r < __stop_estp_entries; r++) {
		u64 start = (u64)&r->start + r->start;

		if (start >= (u64)op->start && start < (u64)op->end &&
		    r->selector == ESTP_PREEMPTION) {
			must(!span_start);
			span_start = start;
			span_end = start + r->length;
		}
	}
	must(span_start);
	operations_reset();
	boundary_nr = walk(once, span_start, span_end, boundary, ARRAY_LEN(boundary));
	install(SIGTRAP, trap);
}

/* True if it happened as it should: twice, the second time where the thread is then. */
static bool at(u64 pc)
{
	int result;
	bool right;

	operations_reset();
	pin(0);
	breakpoint = (void *)pc;
	hit = handled = 0;
	instruction = breakpoint_insert(breakpoint);
	result = op->once();
	must(hit == 1 && handled == 1);
	right = !result && op->done(0) == (move ? 1 : 2) && op->done(1) == (move ? 1 : 0);
	if (op->holds)
		right = right && op->holds(0) && op->holds(1);
	return right;
}

static unsigned int wrong(void)
{
	unsigned int i, nr = 0;

	for (i = 0; i < boundary_nr; i++)
		nr += !at(boundary[i]);
	return nr;
}

/* Instructions before which a twin may be interrupted, and moved, all the same. */
static unsigned int saved(void)
{
	return BEFORE_NUMBER + op->compares * BEFORE_COMPARISON;
}

static void make_writable(void)
{
	extern const char __executable_start[], etext[];
	u64 start = (u64)__executable_start & -page_size();
	u64 end = ((u64)etext + page_size() - 1) & -page_size();

	must(!mprotect((void *)start, end - start, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static void each(bool twin)
{
	struct sigaction a = { .sa_handler = same };
	unsigned int i;

	must(!sigaction(SIGUSR1, &a, NULL));
	for (i = 0; i < ARRAY_LEN(operations); i++) {
		u64 before;

		op = &operations[i];
		if (op->storm_only)
			continue;
		pin(0);
		find_boundaries();
		if (!ok(boundary_nr >= 2, "%s%s: %u instructions", twin ? "twin: " : "", op->name,
			boundary_nr))
			continue;
		before = diverted(ESTP_PREEMPTION);
		for (move = false; ; move = true) {
			unsigned int n = wrong();
			const char *how = move ? "does it and moves" : "does it";

			if (!twin)
				is(n, 0, "%s: a handler %s", op->name, how);
			else if (move)
				is(n, boundary_nr - saved(), "twin: %s is wrong if a handler %s", op->name, how);
			else
				ok(n || op->adds, "twin: %s is wrong %u times if a handler %s", op->name, n, how);
			if (move)
				break;
		}
		if (twin)
			is(diverted(ESTP_PREEMPTION), before, "twin: no diversion");
		else
			ok(diverted(ESTP_PREEMPTION) - before >= 2 * boundary_nr,
			   "%s: a diversion each", op->name);
	}
}

static void branch(void *to)
{
	((void (*)(void))to)();
	_exit(0);
}

static void need_landing_pads(void)
{
	unsigned int i, nr = 0;
	int status;

	for (i = 0; i < ARRAY_LEN(operations); i++)
		nr += landing_pads_needed(operations[i].start, operations[i].end);
	if (!nr) {
		skip("no landing pads are demanded on this machine");
		return;
	}
	status = run_child(branch, (char *)operations[0].start + INSN_ALIGN, 10);
	ok(nr == i && killed_by(status, SIGILL), "landing pads are demanded of all operations: twin, beside one's own: %s",
	   ending(status));
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	must(!estp_cpu(&cpu));
	make_writable();
	need_landing_pads();
	each(false);
	operations_unregister();
	each(true);
}
