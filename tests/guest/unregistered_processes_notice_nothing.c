// SPDX-License-Identifier: MIT
/*
 * MOD-6: a process without registrations behaves as without the module: signals, faults,
 * system calls, tracing.
 *
 * Method: a list of experiments whose outcome is a number each: what a fault signal's
 * handler is told, how a process dies and what the log says of it, calls that are
 * interrupted, restarted or not, steps of a tracer, forks and execs, loops under
 * preemption and signals. It is run before the module is loaded, with it, in a process
 * beside one that has the same page registered at the same address, after that one
 * has unregistered, and after unloading: always the same numbers. The twin is that
 * other process, where the outcome differs.
 *
 * One CPU on x86_64: QEMU before 8.1, running several, can execute code that another of them has
 * just replaced, which is what loading and unloading does.
 *
 * vm: --no-load
 * vm x86_64: --cpus 1
 */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <sys/ptrace.h>
#include <sys/time.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000

static size_t page;
static u8 *p;

/* Experiments -------------------------------------------------------------------------- */

static sigjmp_buf back;
static volatile u64 told;

static void tell(int sig, siginfo_t *info, void *context)
{
	ucontext_t *uc = context;

	told = (u64)sig | (u64)(info->si_code & 0xff) << 8 | (frame_pc(uc) & 0xfff) << 16 |
	       (((u64)info->si_addr - (frame_pc(uc) & ~0xfffull)) & 0xffffff) << 28 |
	       (frame_fault_words(uc) & 0xff) << 52;
	siglongjmp(back, 1);
}

static u64 fault_at(u32 off, void *arg)
{
	struct sigaction action = { .sa_sigaction = tell, .sa_flags = SA_SIGINFO | SA_NODEFER };
	static const int sigs[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	unsigned int i;
	long got = 0;

	for (i = 0; i < ARRAY_LEN(sigs); i++)
		must(!sigaction(sigs[i], &action, NULL));
	told = 0;
	if (!sigsetjmp(back, 1))
		got = ((long (*)(void *))(p + off))(arg);
	return told ? told : (u64)got;
}

static u64 null_load(void)
{
	return fault_at(probe_seq[ESTP_FAULT].start, NULL);
}

static u64 good_load(void)
{
	static long word = 42;

	return fault_at(probe_seq[ESTP_FAULT].start, &word);
}

static u64 no_code(void)
{
	return fault_at(0x10, NULL);		/* in the header: whatever it is as code */
}

static void die(void *arg)
{
	signal(SIGSEGV, SIG_DFL);
	(void)arg;
	((long (*)(void *))(p + probe_seq[ESTP_FAULT].start))(NULL);
}

static u64 death(void)
{
	int log = klog_open(), status = run_child(die, NULL, 5);
	u64 lines = klog_faults(log);

	close(log);
	return (u64)status << 8 | lines;
}

static volatile u32 *handled;		/* shared: who sends the signal waits for it */

static void note(int sig)
{
	(void)sig;
	++*handled;
}

static u64 interrupted_read(int flags)
{
	struct sigaction action = { .sa_handler = note, .sa_flags = flags };
	int fds[2], status;
	char byte = 0;
	long got;
	pid_t pid;

	must(!pipe(fds));
	must(!sigaction(SIGALRM, &action, NULL));
	*handled = 0;
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		must(wait_asleep(getppid(), 5000));
		must(!kill(getppid(), SIGALRM));
		must(wait_until(*handled, 5000) && wait_asleep(getppid(), 5000));
		_exit(write(fds[1], "x", 1) == 1 ? 0 : 1);
	}
	got = read(fds[0], &byte, 1);
	got = got < 0 ? -errno : got;
	must(waitpid(pid, &status, 0) == pid);
	close(fds[0]);
	close(fds[1]);
	return (got & 0xffff) << 16 | (u64)(u8)byte << 8 | *handled;
}

static u64 read_eintr(void)
{
	return interrupted_read(0);
}

static u64 read_restarted(void)
{
	return interrupted_read(SA_RESTART);
}

static u64 sleep_with_rest(void)
{
	/* Again and again: on a slow machine the first may come before the sleep. */
	struct itimerval soon = { { 0, 300000 }, { 0, 300000 } }, never = { 0 };
	struct sigaction action = { .sa_handler = note };
	struct timespec t = { .tv_sec = 5 }, rest = { 0 };
	int err;

	must(!sigaction(SIGALRM, &action, NULL));
	must(!setitimer(ITIMER_REAL, &soon, NULL));
	err = nanosleep(&t, &rest) ? errno : 0;
	must(!setitimer(ITIMER_REAL, &never, NULL));
	return (u64)(err == EINTR) << 4 | (rest.tv_sec > 0);
}

static void overflow(void *arg)
{
	struct sigaction action = { .sa_handler = note, .sa_flags = SA_ONSTACK };
	stack_t stack = { .ss_sp = arg, .ss_size = 4 * page };

	must(!sigaltstack(&stack, NULL));
	must(!sigaction(SIGUSR1, &action, NULL));
	signal(SIGSEGV, SIG_DFL);
	munmap(arg, 4 * page);
	raise(SIGUSR1);
}

static u64 unwritable_frame(void)
{
	u8 *stack = pages_new(4);
	u64 status = run_child(overflow, stack, 5);

	munmap(stack, 4 * page);
	return status;
}

static void traced(void *arg)
{
	(void)arg;
	must(!ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	signal(SIGSEGV, SIG_DFL);
	raise(SIGSTOP);
	((long (*)(void *))(p + probe_seq[ESTP_FAULT].start))(NULL);
}

/* Steps until it dies on the page; what the tracer is told, and where. */
static u64 steps(void)
{
	u64 nr = 0, on_page = 0, sig = 0;
	int status;
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		traced(NULL);
		_exit(0);
	}
	must(waitpid(pid, &status, 0) == pid);
	while (WIFSTOPPED(status) && nr++ < 20000) {
		siginfo_t info;

		sig = WSTOPSIG(status);
		if (sig == SIGSEGV) {
			must(!ptrace(PTRACE_GETSIGINFO, pid, NULL, &info));
			on_page = (u64)info.si_addr << 8 | (info.si_code & 0xff);
			ptrace(PTRACE_KILL, pid, NULL, NULL);
			kill(pid, SIGKILL);
			break;
		}
		must(!ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL));
		must(waitpid(pid, &status, 0) == pid);
	}
	waitpid(pid, &status, 0);
	return sig << 32 | on_page << 8 | (nr > 5 && nr < 20000);
}

static void run_true(void *arg)
{
	char *const arguments[] = { "x", NULL }, *const env[] = { "JUST_EXIT=1", NULL };

	(void)arg;
	execve("/proc/self/exe", arguments, env);
	_exit(98);
}

__attribute__((constructor))
static void new_program(void)
{
	if (getenv("JUST_EXIT"))
		_exit(77);
}

static u64 exec_exit(void)
{
	return run_child(run_true, NULL, 5);
}

static u64 loop_under(int selector)
{
	struct spinner s;
	int i;

	spinner_start(&s, p, selector, 0);
	for (i = 0; i < 5; i++)
		spinner_event(&s);
	return spinner_end(&s);
}

static u64 preempted_loop(void)
{
	return loop_under(ESTP_PREEMPTION);
}

static u64 signalled_loop(void)
{
	return loop_under(ESTP_INTERRUPT);
}

static u64 no_device(void)
{
	return -madv_unregister(p, page) == EINVAL || -madv_unregister(p, page) == ENOENT;
}

static const struct {
	const char *name;
	u64 (*run)(void);
} experiments[] = {
	{ "a handler of a fault", null_load }, { "a load that is fine", good_load },
	{ "the header as code", no_code }, { "death, and the log", death },
	{ "a read that is interrupted", read_eintr },
	{ "a read that is restarted", read_restarted },
	{ "a sleep that is interrupted", sleep_with_rest },
	{ "a frame that cannot be written", unwritable_frame }, { "single steps", steps },
	{ "exec and exit", exec_exit }, { "a loop, preempted", preempted_loop },
	{ "a loop, signalled", signalled_loop }, { "UNREGISTER", no_device },
};
#define NR ARRAY_LEN(experiments)

/* In a process of its own each time: what a handler leaves must not matter. */
static u64 *outcomes;

static void run_all(void *arg)
{
	unsigned int i;

	for (i = 0; i < NR; i++)
		((u64 *)arg)[i] = experiments[i].run();
	_exit(0);
}

static void measure(u64 *results)
{
	int status = run_child(run_all, results, 20);

	if (!exited_with(status, 0))
		bail("the experiments ended by %s", ending(status));
}

static void compare(const u64 *got, const char *when)
{
	unsigned int i, wrong = 0;

	for (i = 0; i < NR; i++) {
		if (got[i] == outcomes[i])
			continue;
		wrong++;
		diag("%s, %s: %#llx, without the module %#llx", when, experiments[i].name,
		     (unsigned long long)got[i], (unsigned long long)outcomes[i]);
	}
	is(wrong, 0, "%s: %zu experiments end as without the module", when, NR);
}

/* A process that has the same page registered, for as long as it is told to. */
static volatile u32 *step;

static void registered(void)
{
	must(!probe_register(p));
	*step = 1;
	while (*step == 1) {
		if (probe_fault(p, VALUE))
			_exit(1);
		sleep_us(1000);
	}
	must(!madv_unregister(p, page));
	*step = 3;
	must(wait_until(*step == 4, 20000));
	_exit(0);
}

void test(void)
{
	u64 *again, own;
	unsigned int i;
	int status;
	pid_t pid;

	page = page_size();
	p = probe_new(VALUE);
	outcomes = shared(NR * sizeof(u64));
	again = shared(NR * sizeof(u64));
	step = shared(page);
	handled = shared(sizeof(*handled));
	measure(outcomes);
	measure(again);
	compare(again, "twin: twice without it");
	ok(outcomes[0] && outcomes[8] >> 32 == SIGSEGV, "twin: they had outcomes");
	is(outcomes[3] & 0xff, 1, "twin: the log has a line of the death");
	for (i = 0; i < NR; i++)
		diag("%s: %#llx", experiments[i].name, (unsigned long long)outcomes[i]);

	must(!module_load(""));
	measure(again);
	compare(again, "loaded");
	pid = fork();
	must(pid >= 0);
	if (!pid)
		registered();
	must(wait_until(*step == 1, 5000));
	measure(again);
	compare(again, "beside one that has registered");
	*step = 2;
	must(wait_until(*step == 3, 5000));
	measure(again);
	compare(again, "beside one that had");
	*step = 4;
	must(waitpid(pid, &status, 0) == pid);
	ok(exited_with(status, 0), "twin: that one was diverted all the time");
	must(!probe_register(p));
	own = null_load();
	is(own, PROBE_VALUE(VALUE, ESTP_FAULT, 0), "twin: registered, the outcome is another");
	must(!madv_unregister(p, page));
	sleep_us(300000);
	measure(again);
	compare(again, "in a child of one that had");
	ok(module_unload_soon(), "it is unloaded");
	measure(again);
	compare(again, "unloaded");
}
