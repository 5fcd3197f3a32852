// SPDX-License-Identifier: MIT
/*
 * Cancelling a thread that may be about to block.
 *
 *   who cancels		the thread
 *				if (cancelled)
 *	cancelled = 1			...
 *	send it a signal	... here: its handler runs, and returns
 *				read()			sleeps for ever
 *
 * The flag alone comes too late for a thread that has looked already, the signal too
 * early for one that does not sleep yet.  C libraries close the window by hand: the
 * signal's handler compares the pc in its frame with the addresses of their one system
 * call, and moves it.  Here call.h's sequence says so, and the handler is empty.
 *
 * The schedule is forced: a tracer steps the thread to each instruction of the
 * sequence, cancels it there, and lets go.  The twin is the same code with its
 * sequences given back; it hangs, until an alarm ends it.
 */
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include "../tap.h"
#include "../tracer.h"
#include "call.h"

#define PATIENCE_S	30	/* what need not wait, waits less than that */
#define TWIN_PATIENCE_S	2	/* it has been forgotten, and will not wake up later */
#define THREADS		200

/* Shared with the child that is cancelled. */
static struct shared {
	volatile int cancelled;
	volatile int handled;		/* the handler ran so often */
	volatile unsigned int patience;	/* seconds, from the signal on */
	volatile long result;		/* of the call */
	volatile uint64_t diverted;
	char byte;
} *shared;

enum end { RETURNED, HUNG, DIED };

static int data[2];			/* a pipe: where the call reads */

/* Its work is to be delivered.  (The alarm is how the twin's end is seen.) */
static void on_cancel(int signal)
{
	(void)signal;
	shared->handled++;
	alarm(shared->patience);
}

static void handle_cancel(void)
{
	/* A call that can be restarted is: so it is in the span (SPEC INT-4). */
	struct sigaction action = { .sa_handler = on_cancel, .sa_flags = SA_RESTART };

	sigaction(SIGUSR1, &action, NULL);
}

static void cancel(pid_t pid)
{
	shared->cancelled = 1;
	kill(pid, SIGUSR1);
}

/* Is it asleep in read(2)? */
static bool in_read(pid_t pid)
{
	char path[40], text[80] = "";
	int file;
	ssize_t got;

	snprintf(path, sizeof(path), "/proc/%d/syscall", (int)pid);
	file = open(path, O_RDONLY);
	got = read(file, text, sizeof(text) - 1);
	close(file);
	return got > 0 && text[0] >= '0' && text[0] <= '9' && strtol(text, NULL, 10) == SYS_read;
}

/* Until it is, and @handlers have run; false if that does not happen. */
static bool asleep_after(int handlers, pid_t pid)
{
	long ms;

	for (ms = 0; ms < PATIENCE_S * 1000; ms++) {
		if (shared->handled >= handlers && in_read(pid))
			return true;
		usleep(1000);
	}
	return false;
}

static enum end end(pid_t pid)
{
	int status;

	waitpid(pid, &status, 0);
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM)
		return HUNG;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? RETURNED : DIED;
}

/* The schedule could not be had. */
static enum end give_up(pid_t pid)
{
	kill(pid, SIGKILL);
	end(pid);
	return DIED;
}

/* The child: one call. ------------------------------------------------------------ */

static void child(bool twin, bool stepped)
{
	alarm(PATIENCE_S);
	handle_cancel();
	if (twin)
		become_twin();
	if (stepped)
		step_me();
	shared->result = cancellable_read(&shared->cancelled, data[0], &shared->byte, 1);
	shared->diverted = diversions(ESTP_INTERRUPT);
	_exit(0);
}

static pid_t start(bool twin, bool stepped)
{
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	shared->patience = twin ? TWIN_PATIENCE_S : PATIENCE_S;
	shared->result = 1000;
	fflush(stdout);
	pid = fork();
	if (!pid)
		child(twin, stepped);
	return pid;
}

/* The schedules. ------------------------------------------------------------------ */

/* Cancelled when it is about to execute one instruction. */
static enum end cancelled_at(const char *address, bool twin)
{
	pid_t pid = start(twin, true);

	if (!step_to(pid, address, 1))
		return give_up(pid);
	cancel(pid);
	let_go(pid);
	return end(pid);
}

static enum end cancelled_asleep(bool twin)
{
	pid_t pid = start(twin, false);

	if (!asleep_after(0, pid))
		return give_up(pid);
	cancel(pid);
	return end(pid);
}

/* The call has brought something: a cancellation that comes now must not lose it. */
static enum end cancelled_after(bool twin)
{
	pid_t pid = start(twin, true);

	if (write(data[1], "x", 1) != 1 || !step_to(pid, call_end, 1))
		return give_up(pid);
	cancel(pid);
	let_go(pid);
	return end(pid);
}

/* A signal for some other reason: the call goes on, and brings what comes later. */
static enum end signalled_only(void)
{
	pid_t pid = start(false, true);

	if (!step_to(pid, call_call, 1))
		return give_up(pid);
	kill(pid, SIGUSR1);
	let_go(pid);
	if (!asleep_after(1, pid))
		return give_up(pid);
	kill(pid, SIGUSR1);
	if (!asleep_after(2, pid) || write(data[1], "y", 1) != 1)
		return give_up(pid);
	return end(pid);
}

/* Threads, cancelled whenever it happens to be. ------------------------------------- */

struct worker {
	pthread_t thread;
	volatile int cancelled;
	volatile int started;
};

static void *work(void *arg)
{
	struct worker *worker = arg;
	long result;
	char byte;

	worker->started = 1;
	do {
		result = cancellable_read(&worker->cancelled, data[0], &byte, 1);
	} while (result > 0);
	return (void *)result;
}

static int cancel_threads(void)
{
	int i, k, cancelled = 0;

	handle_cancel();
	shared->patience = PATIENCE_S;
	for (i = 0; i < THREADS; i++) {
		struct worker worker = { 0 };
		void *result;

		if (pthread_create(&worker.thread, NULL, work, &worker))
			break;
		while (!worker.started)
			sched_yield();
		for (k = 0; k < i; k++)
			__asm__ volatile("nop");
		worker.cancelled = 1;
		pthread_kill(worker.thread, SIGUSR1);
		pthread_join(worker.thread, &result);
		cancelled += (long)result == -ECANCELED;
	}
	alarm(0);
	return cancelled;
}

int main(void)
{
	const struct {
		const char *at, *what;
		bool window;		/* the twin has looked already */
	} places[] = {
		{ call_start, "at the check", false },
		{ call_branch, "right after the check", true },
		{ call_number, "between check and call", true },
		{ call_call, "right before the call", true },
	};
	enum end ended;
	size_t i;

	if (estp_object_error() == -ENOSYS)
		tap_skip("this kernel has no ESTP");
	ok(!estp_object_error(), "registration: %s", estp_strerror(estp_object_error()));
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		      -1, 0);
	if (shared == MAP_FAILED || pipe(data))
		return 1;

	for (i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		ended = cancelled_at(places[i].at, false);
		ok(ended == RETURNED && shared->result == -ECANCELED && shared->handled == 1 &&
		   shared->diverted == 1, "cancelled %s: it does not block", places[i].what);
		ended = cancelled_at(places[i].at, true);
		if (places[i].window)
			ok(ended == HUNG && shared->handled == 1,
			   "twin, cancelled %s: it hangs, though its handler ran", places[i].what);
		else
			ok(ended == RETURNED && shared->result == -ECANCELED,
			   "twin, cancelled %s: it sees so", places[i].what);
	}
	ended = cancelled_asleep(false);
	ok(ended == RETURNED && shared->result == -ECANCELED && shared->diverted == 1,
	   "cancelled asleep in the call: it is given up");
	ended = cancelled_asleep(true);
	ok(ended == HUNG && shared->handled == 1,
	   "twin, cancelled asleep in the call: the kernel restarts it, and it hangs");
	ended = cancelled_after(false);
	ok(ended == RETURNED && shared->result == 1 && shared->byte == 'x' && !shared->diverted,
	   "cancelled when the call has read something: that is not lost");
	ended = signalled_only();
	ok(ended == RETURNED && shared->result == 1 && shared->byte == 'y' && shared->diverted == 2,
	   "signalled, not cancelled, before the call and in it: the call goes on");
	ok(cancel_threads() == THREADS, "%d threads cancelled whenever it was: all have ended", THREADS);
	return tap_end();
}
