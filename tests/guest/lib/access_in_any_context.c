// SPDX-License-Identifier: MIT
/*
 * ACC-1, ACC-5, FLT-2, LIB-1, LIB-2: access to bad memory is answered in any context: before the
 * first constructor, in constructors, in signal handlers, with the fault's signal blocked,
 * ignored, or handled by somebody else, in new threads, after fork, when the process's
 * first thread has gone.
 *
 * Method: in each the same round of accesses; the diversions tell which way it went.  The
 * twin makes the same bad load plainly, and dies or is handled.
 */
#include "access.h"

#define ROUND_FAULTS	5	/* a copy's fault is found once more, byte by byte */

static const char *volatile no_memory = (const char *)0x10;
static char text[] = "some text";

/* Wrong answers of a round. */
static unsigned int access_round(void)
{
	unsigned int wrong = 0;
	u64 value = 0;
	char own[10];

	wrong += estp_load64(no_memory, &value) != -EFAULT;
	wrong += estp_load64(text, &value) != 0 || memcmp(&value, text, 8) != 0;
	wrong += estp_store32((void *)no_memory, 1) != -EFAULT;
	wrong += estp_copy(own, no_memory, 1) != 0;
	wrong += estp_copy(own, text, 10) != 10 || strcmp(own, text) != 0;
	wrong += estp_strnlen(text, 100) != 9;
	wrong += estp_readable(no_memory, 1);
	wrong += !estp_writable(text, 10);
	return wrong;
}

static struct early {
	bool ran;
	int error;
	unsigned int wrong;
} first, constructed;

static void look(struct early *early)
{
	early->ran = true;
	early->error = estp_object_error();
	early->wrong = access_round();
}

static void at_first(void)
{
	look(&first);
}

/* Before the constructors of anybody. */
__attribute__((section(".preinit_array"), used))
static void (*const preinit)(void) = at_first;

__attribute__((constructor))
static void in_constructor(void)
{
	look(&constructed);
}

static volatile unsigned int handled_nr, handled_wrong;

static void on_signal(int sig)
{
	handled_wrong += access_round();
	handled_nr++;
}

static void rounds(const char *context)
{
	u64 before = diverted(ESTP_FAULT);

	is(access_round(), 0, "%s: right answers", context);
	is(diverted(ESTP_FAULT) - before, ROUND_FAULTS, "by sequences");
}

static void disposition(const char *context, void (*handler)(int), bool blocked)
{
	struct sigaction sa = { .sa_handler = handler };
	sigset_t fault_signals;

	sigemptyset(&fault_signals);
	sigaddset(&fault_signals, SIGSEGV);
	sigaddset(&fault_signals, SIGBUS);
	must(!sigaction(SIGSEGV, &sa, NULL) && !sigaction(SIGBUS, &sa, NULL));
	sigprocmask(blocked ? SIG_BLOCK : SIG_UNBLOCK, &fault_signals, NULL);
	rounds(context);
	sigprocmask(SIG_UNBLOCK, &fault_signals, NULL);
	sigpending(&fault_signals);
	ok(!sigismember(&fault_signals, SIGSEGV), "%s: no signal is pending", context);
}

static void in_handler(void)
{
	struct sigaction sa = { .sa_handler = on_signal };
	stack_t alternate = { .ss_sp = malloc(1 << 16), .ss_size = 1 << 16 };
	u64 before = diverted(ESTP_FAULT);

	must(!sigaltstack(&alternate, NULL));
	sa.sa_flags = SA_ONSTACK;
	sigfillset(&sa.sa_mask);
	must(!sigaction(SIGUSR1, &sa, NULL));
	raise(SIGUSR1);
	ok(handled_nr == 1 && !handled_wrong, "in a signal handler, all signals blocked: right answers");
	is(diverted(ESTP_FAULT) - before, ROUND_FAULTS, "by sequences");
}

static void *in_thread(void *unused)
{
	rounds("in a new thread");
	return unused;
}

static void in_child(void *unused)
{
	u64 before = diverted(ESTP_FAULT);

	_exit(access_round() ? 1 : diverted(ESTP_FAULT) - before != ROUND_FAULTS ? 2 : 42);
}

static void *last_thread(void *unused)
{
	u64 value;

	pthread_join(*(pthread_t *)unused, NULL);
	/* By the slow way too, which needs a task of the process to name. */
	estp_object_error_ = -EAGAIN;
	_exit(access_round() || estp_load64(text, &value) ? 1 : 42);
}

/* The process goes on without its first thread. */
static void without_first_thread(void *unused)
{
	static pthread_t self, other;

	self = pthread_self();
	must(!pthread_create(&other, NULL, last_thread, &self));
	pthread_exit(NULL);
}

static void quiet_handler(int sig)
{
	_exit(3);
}

static void plain_load(void *unused)
{
	signal(SIGSEGV, quiet_handler);
	(void)*(const volatile char *)no_memory;
	_exit(0);
}

static void plain_load_default(void *unused)
{
	signal(SIGSEGV, SIG_DFL);
	(void)*(const volatile char *)no_memory;
	_exit(0);
}

void test(void)
{
	pthread_t thread;

	need_estp_and_counters();
	ok(first.ran && first.error == -EAGAIN, "before the first constructor nothing is registered yet");
	is(first.wrong, 0, "right answers all the same");
	ok(constructed.ran && !constructed.error, "in a constructor the sequences are registered");
	is(constructed.wrong, 0, "right answers");

	disposition("default", SIG_DFL, false);
	disposition("default, blocked", SIG_DFL, true);
	disposition("ignored", SIG_IGN, false);
	disposition("handled by somebody else", foreign_handler, false);
	disposition("handled by somebody else, blocked", foreign_handler, true);
	in_handler();
	must(!pthread_create(&thread, NULL, in_thread, NULL));
	pthread_join(thread, NULL);
	ok(exited_with(run_child(in_child, NULL, 10), 42), "in a child of fork: right, by sequences");
	ok(exited_with(run_child(without_first_thread, NULL, 10), 42),
	   "without the process's first thread, by system calls: right");
	is(foreign_nr, 0, "no handler was called");

	ok(exited_with(run_child(plain_load, NULL, 10), 3), "twin: a plain load calls the handler");
	ok(killed_by(run_child(plain_load_default, NULL, 10), SIGSEGV), "twin: or is killed");
}
