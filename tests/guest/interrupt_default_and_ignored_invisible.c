// SPDX-License-Identifier: MIT
/*
 * INT-2, SIG-3: a signal with SIG_DFL or SIG_IGN is invisible: it diverts no
 * thread, neither by INTERRUPT nor as PREEMPTION, even if it wakes or continues it.
 *
 * Method: the thread waits in a span of the selector and is sent each of them
 * many times. A process that is asleep in a span's last instruction, a system call that is to be restarted
 * whenever it is woken, is stopped and continued; stopped outside of calls it is in preempt_by_stop. That the
 * signals can divert is shown by the same signal with a handler, in the end.
 */
#include "harness.h"

#define RESPONSE	1
#define LET_GO		2
#define ROUNDS		20

static const struct {
	int sig;
	void (*action)(int);
	const char *name;
} signals[] = {
	{ SIGUSR1, SIG_IGN, "SIGUSR1 ignored" },
	{ SIGCHLD, SIG_DFL, "SIGCHLD by default" },
	{ SIGCHLD, SIG_IGN, "SIGCHLD ignored" },
	{ SIGURG, SIG_DFL, "SIGURG by default" },
	{ SIGWINCH, SIG_DFL, "SIGWINCH by default" },
	{ SIGCONT, SIG_DFL, "SIGCONT by default" },
	{ SIGCONT, SIG_IGN, "SIGCONT ignored" },
	{ SIGSEGV, SIG_IGN, "SIGSEGV sent, ignored" },
	{ SIGTRAP, SIG_IGN, "SIGTRAP sent, ignored" },
};

static const char *const names[] = { "PREEMPTION", "INTERRUPT" };

static void part(int selector)
{
	static struct victim v;
	struct code *c = code_new(1);
	u64 before, switches, more;
	u32 start, end, response, go;
	unsigned int i, k;

	v = (struct victim) { .code = c, .cpu = cpus_nr() - 1, .fifo = true };
	v.entry = emit_inside(c);
	start = emit_hold(c);
	end = c->at;
	go = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	/* As PREEMPTION the response is the start: true preemptions may happen. */
	code_describe(c, (struct seq) { .selector = selector, .start = start, .end = end,
					.response = selector ? response : start,
					.mask = selector ? REGS_CLEAR_VALID : 0 });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_TABLE));
	victim_start(&v);
	sleep_us(10000);
	for (i = 0; i < ARRAY_LEN(signals); i++) {
		must(signal(signals[i].sig, signals[i].action) != SIG_ERR);
		/* A switch is counted before its diversion: that of one may be to come. */
		switches = switches_of(v.tid);
		before = diverted(selector);
		for (k = 0; k < ROUNDS; k++) {
			must(!syscall(SYS_tgkill, getpid(), v.tid, signals[i].sig));
			sleep_us(500);
		}
		more = diverted(selector) - before;
		ok(more <= (selector ? 0 : switches_of(v.tid) - switches + 1),
		   "%s: %s diverts nobody", names[selector], signals[i].name);
	}
	is(c->data->landed, LANDED_NOWHERE, "the thread is where it was");
	code_let_go(c, 0, go);
	is(victim_join(&v, 2000), LET_GO, "and leaves where it is let go");
	is(regs_diff(&v.out, &v.in, "after all"), 0, "no register changed");

	before = diverted(selector);
	catch_signal(SIGCONT, 0);
	caught_reset();
	victim_start(&v);
	must(!syscall(SYS_tgkill, getpid(), v.tid, SIGCONT));
	must(wait_until(caught->nr, 2000));
	ok(diverted(selector) > before, "with a handler the same signal diverts");
	code_let_go(c, 0, go);
	victim_join(&v, 2000);
	signal(SIGCONT, SIG_DFL);
	code_free(c);
}

struct sleeper {
	struct regs in, out;
};

static pid_t sleeper_start(struct sleeper *s, struct code *c, u32 entry)
{
	pid_t pid;

	code_reset(c);
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		pin(cpus_nr() - 1);
		regs_run(&s->in, &s->out, code_addr(c, entry));
		_exit(0);
	}
	must(wait_until(c->data->inside, 5000) && wait_asleep(pid, 5000));
	return pid;
}

static u32 sleeper_end(struct code *c, pid_t pid)
{
	int status;

	must(waitpid(pid, &status, 0) == pid && exited_with(status, 0));
	return c->data->landed;
}

/* Stop and continuation wake it from its call, in the span, as the signal with a handler does in the end. */
static void woken(void)
{
	struct sleeper *s = shared(sizeof(*s));
	struct code *c = code_new(1);
	u32 entry = emit_inside(c), start = emit_nop(c), end, response;
	int fds[2], status;
	static char byte;
	unsigned int i;
	pid_t pid;

	emit_syscall(c);
	end = emit_land(c, LET_GO);
	emit_prefix(c);
	response = emit_land(c, RESPONSE);
	code_describe(c, (struct seq) { .selector = ESTP_INTERRUPT, .start = start, .end = end,
					.response = response, .mask = REGS_CLEAR_VALID });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	signal(SIGCHLD, SIG_DFL);		/* ignored, children would leave no status */
	must(!pipe(fds));
	regs_fill(&s->in, 5);
	regs_set_syscall(&s->in, SYS_read, fds[0], (u64)&byte, 1, 0);

	pid = sleeper_start(s, c, entry);
	for (i = 0; i < ROUNDS; i++) {
		must(!kill(pid, SIGSTOP));
		must(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status));
		must(!kill(pid, SIGCONT));
		must(wait_asleep(pid, 5000));
	}
	is(stats_of(pid).diversions[ESTP_INTERRUPT], 0, "stop and continuation from a call in the span divert nobody");
	is(c->data->landed, LANDED_NOWHERE, "it is in the call again");
	must(write(fds[1], "x", 1) == 1);
	is(sleeper_end(c, pid), LET_GO, "and leaves it with its result");
	is(regs_result(&s->out), 1, "which is true");

	catch_signal(SIGCONT, SA_RESTART);
	caught_reset();
	pid = sleeper_start(s, c, entry);
	must(!kill(pid, SIGCONT));
	is(sleeper_end(c, pid), RESPONSE, "with a handler the same signal diverts out of the call");
	is(caught->pc, (u64)code_addr(c, response), "its frame holds the response");
	signal(SIGCONT, SIG_DFL);
	code_free(c);
}

void test(void)
{
	need_estp_and_counters();
	need_cpus(2);
	pin(0);
	part(ESTP_PREEMPTION);
	part(ESTP_INTERRUPT);
	woken();
}
