// SPDX-License-Identifier: MIT
/*
 * DBG-1, DBG-6, LIM-1, LIM-22: a tracer that single-steps through a PREEMPTION sequence sees
 * each instruction once and comes out behind it: leaving the CPU at each step does not
 * divert. A signal that reaches a handler meanwhile diverts, and so does a fault. One that
 * detaches in the middle leaves the thread where it is; where it dies there the next
 * instruction's trap is for a handler of the program, or ends it.
 *
 * Method: a traced child is stopped in front of the sequence and stepped, with a limit
 * on the steps: a sequence that restarted at each would never end. One of the
 * steps is a load that sleeps in a page fault, so that the thread leaves its CPU within
 * the step. Then again with a signal at each instruction in turn, and with a faulting one; and
 * with a tracer that goes after each instruction in turn.
 */
#include <sys/prctl.h>

#include "tracee.h"

#define RESPONSE	1
#define THROUGH		2
#define FAULTED		3
#define STEPS		8	/* instructions in the sequence */
#define SLEEPING	4	/* the one that sleeps */
#define BY_CHANCE	1

static struct tracee *t;
static struct code *c;
static u32 hold, start, at[STEPS], end, response, fault, fault_response;

static void *slow_page;
static volatile bool *slept;		/* shared: the child's thread slept in its fault */

/* Gives the page to whoever sleeps for it, after a while. */
static void *fill_slowly(void *arg)
{
	int uffd = *(int *)arg;

	pin(0);
	while (!userfault_next(uffd))
		sleep_us(1000);
	*slept = wait_asleep(getpid(), 2000);
	sleep_us(10000);
	userfault_give(uffd, slow_page, NULL);
	return NULL;
}

static void prepare(void)
{
	static int uffd;
	pthread_t thread;

	catch_signal(SIGUSR1, 0);
	catch_signal(SIGTRAP, 0);
	uffd = userfault_open();
	must(uffd >= 0);
	userfault_withhold(uffd, slow_page, sysconf(_SC_PAGESIZE));
	must(!pthread_create(&thread, NULL, fill_slowly, &uffd));
}

static void make(void)
{
	u32 fault_end;
	int i;

	c = t->code = code_new(1);
	t->entry = emit_inside(c);
	hold = emit_hold(c);
	start = c->at;
	for (i = 0; i < STEPS; i++)
		at[i] = i == SLEEPING ? emit_load(c) :
			i & 1 ? emit_step(c) : emit_nop(c);
	end = emit_land(c, THROUGH);
	response = emit_land(c, RESPONSE);
	fault = emit_illegal(c);
	fault_end = emit_land(c, 0xbad);
	fault_response = emit_land(c, FAULTED);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = end, .response = response });
	code_describe(c, (struct seq) { .selector = ESTP_FAULT, .start = fault,
					.end = fault_end, .response = fault_response });
	code_seal(c);
}

static void start_at(u32 off)
{
	tracee_start(t);
	tracee_interrupt(t);
	must(tracee_pc(t->pid) == (u64)code_addr(c, hold));
	code_let_go(c, 0, off);
}

static void step(int sig)
{
	tracee_go(t, PTRACE_SINGLESTEP, sig);
	must(tracee_wait(t) == SIGTRAP);
}

static void through(bool registered)
{
	unsigned int i, right = 0;
	static struct regs want;

	*slept = false;
	start_at(start);
	for (i = 0; i <= STEPS; i++) {
		step(0);
		right += tracee_pc(t->pid) == (u64)code_addr(c, i < STEPS ? at[i] : end);
		if (registered)		/* a longer time off the CPU, for good measure */
			preempt(cpus_nr() - 1);
	}
	is(right, STEPS + 1, "%s: each step shows the next instruction, the last one the end",
	   registered ? "registered" : "twin");
	if (registered)
		is(stats_of(t->pid).diversions[ESTP_PREEMPTION], 0, "no diversion");
	ok(*slept, "one step slept before it ended");
	is(tracee_end(t), THROUGH, "the child comes out behind the sequence");
	want = t->in;
	regs_set_value(&want, 0);
	is(regs_diff(&t->out, &want, "after stepping"), 0, "no register changed but the loaded one");
}

static void with_signal(void)
{
	unsigned int i, k, shown = 0, landed = 0, intact = 0, counted = 0;
	static struct regs want;

	for (i = 0; i < STEPS; i++) {
		start_at(start);
		for (k = 0; k <= i; k++)
			step(0);
		caught_reset();
		/* Steps into the handler, whose frame is then written. */
		step(SIGUSR1);
		counted += stats_of(t->pid).diversions[ESTP_PREEMPTION] == 1;
		landed += tracee_end(t) == RESPONSE;
		shown += caught->nr == 1 && caught->pc == (u64)code_addr(c, response);
		want = t->in;
		if (i > SLEEPING)
			regs_set_value(&want, 0);
		intact += !regs_diff(&t->out, &want, "after the signal");
	}
	is(shown, STEPS, "a signal at each step: the frame holds the response");
	is(landed, STEPS, "the child goes on there");
	is(counted, STEPS, "one diversion each");
	is(intact, STEPS, "no register changed");
}

static void step_to(u32 i)
{
	u32 k;

	start_at(start);
	for (k = 0; k <= i; k++)
		step(0);
	must(tracee_pc(t->pid) == (u64)code_addr(c, at[i]));
}

/*
 * It stops, and so leaves its CPU, after the step; then nobody steps it any more.  Where it
 * sleeps by itself it is preempted; else only by chance.
 */
static void with_detaching(void)
{
	unsigned int i, went = 0, slept_ = 0, intact = 0, chance = 0;
	static struct regs want;

	for (i = 0; i < STEPS; i++) {
		u32 landed;

		step_to(i);
		landed = tracee_end(t);
		went += i > SLEEPING && landed == THROUGH;
		chance += i > SLEEPING && landed == RESPONSE;
		slept_ += i <= SLEEPING && landed == RESPONSE;
		want = t->in;
		if (i > SLEEPING)
			regs_set_value(&want, 0);
		intact += !regs_diff(&t->out, &want, "after detaching");
	}
	is(went + chance, STEPS - SLEEPING - 1, "detached behind what sleeps, it comes out");
	ok(chance <= BY_CHANCE, "%u of %u were preempted", chance, went + chance);
	is(slept_, SLEEPING + 1, "before that, sleeping diverts it");
	is(intact, STEPS, "no register changed but the loaded one");
}

/*
 * One more instruction is stepped, with nobody to wait for it: its SIGTRAP is the program's.  arm64's
 * kernel goes on stepping in the handler, where another such trap ends the program.
 */
static void with_dying_tracer(void)
{
	unsigned int i, shown = 0, out = 0, died = 0;

	for (i = 0; i < STEPS; i++) {
		pid_t pid = fork();
		u64 next = (u64)code_addr(c, i + 1 < STEPS ? at[i + 1] : end);
		int status;

		must(pid >= 0);
		if (!pid) {
			step_to(i);
			caught_reset();
			must(!ptrace(PTRACE_SETOPTIONS, t->pid, 0, 0));
			_exit(0);
		}
		must(waitpid(pid, &status, 0) == pid && exited_with(status, 0));
		must(waitpid(t->pid, &status, __WALL) == t->pid);
		out += exited_with(status, 0);
		died += WIFSIGNALED(status) && WTERMSIG(status) == SIGTRAP;
		shown += caught->nr == 1 && caught->pc == next;
		if (exited_with(status, 0) && caught->pc != next)
			diag("step %u: %s, %u signals, pc %#llx, not %#llx", i, ending(status), caught->nr,
			     (unsigned long long)caught->pc, (unsigned long long)next);
	}
	is(STEPS_ON_IN_HANDLER ? died : out, STEPS, "a tracer that dies at each step: %u come out, %u die of SIGTRAP",
	   out, died);
	is(shown, out, "the handler is shown the next instruction");
}

static void with_fault(void)
{
	start_at(fault);
	step(0);
	must(tracee_pc(t->pid) == (u64)code_addr(c, fault));
	step(0);
	is(stats_of(t->pid).diversions[ESTP_FAULT], 1, "a fault under a step diverts");
	is(tracee_end(t), FAULTED, "the child goes on at the response");
	is(regs_diff(&t->out, &t->in, "after the fault"), 0, "no register changed");
}

void test(void)
{
	unsigned int l;

	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	must(!prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0));
	t = shared(sizeof(*t));
	t->prepare = prepare;
	slept = shared(sizeof(*slept));
	slow_page = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(slow_page != MAP_FAILED);
	t->arg = (u64)slow_page;
	for (l = 0; l < ARRAY_LEN(layouts); l++) {
		make();
		must(!code_register(c, layouts[l]));
		diag("%s layout", layout_names[l]);
		through(true);
		with_signal();
		with_fault();
		with_detaching();
		with_dying_tracer();
		must(!code_unregister(c));
		through(false);
		with_dying_tracer();
		code_free(c);
	}
}
