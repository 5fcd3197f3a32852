// SPDX-License-Identifier: MIT
/*
 * CPU-7, SIG-1: an operation that is interrupted before any of its instructions, by a
 * handler that does the same operation, happens once; and on the CPU where the thread is.
 *
 * Method: by single steps an operation's instructions are found. Then, for each, a
 * breakpoint there; its handler takes it out and leaves a signal pending, which is
 * delivered before the instruction. That signal's handler does the operation and, the
 * second time around, moves the thread to another CPU. The twin, unregistered, is wrong
 * at every instruction but the first, and but those where a comparison is still to come
 * that sees what the handler did.
 */
#include "operations.h"

const unsigned int test_seconds = 60;

static volatile u64 span_start, span_end;
static u64 boundary[64];
static volatile unsigned int boundary_nr;

static const struct operation *op;
static u8 *breakpoint;
static u8 instruction;
static bool move;
static volatile unsigned int hit, handled;

static void step(int sig, siginfo_t *info, void *context)
{
	u64 pc = frame_pc(context);
	unsigned int i;

	for (i = 0; i < boundary_nr && boundary[i] != pc; i++)
		;
	if (pc >= span_start && pc < span_end && i == boundary_nr && i < ARRAY_LEN(boundary))
		boundary[boundary_nr++] = pc;
}

static void trap(int sig, siginfo_t *info, void *context)
{
	*breakpoint = instruction;
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

static void set_trap_flag(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushf; orl $0x100, (%%rsp);"
			 "popf; lea 128(%%rsp), %%rsp" : : : "memory", "cc");
}

static void clear_trap_flag(void)
{
	__asm__ volatile("lea -128(%%rsp), %%rsp; pushf; andl $~0x100, (%%rsp);"
			 "popf; lea 128(%%rsp), %%rsp" : : : "memory", "cc");
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
	boundary_nr = 0;
	install(SIGTRAP, step);
	set_trap_flag();
	op->once();
	clear_trap_flag();
	install(SIGTRAP, trap);
}

/* True if it happened as it should: twice, the second time where the thread is then. */
static bool at(u64 pc)
{
	int result;
	bool right;

	operations_reset();
	pin(0);
	breakpoint = (u8 *)pc;
	instruction = *breakpoint;
	hit = handled = 0;
	*(volatile u8 *)breakpoint = 0xcc;
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

static void make_writable(void)
{
	extern const char __executable_start[], etext[];
	u64 start = (u64)__executable_start & -4096ul, end = ((u64)etext + 4095) & -4096ul;

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
				is(n, boundary_nr - 1 - op->saved, "twin: %s is wrong if a handler %s", op->name, how);
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

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	must(!estp_cpu(&cpu));
	make_writable();
	each(false);
	operations_unregister();
	each(true);
}
