// SPDX-License-Identifier: MIT
/*
 * Signals count as PREEMPTION: a handler interrupts the sequence in the middle,
 * sleeps, moves its thread to another CPU, adds to the same counters itself, and
 * returns. The frame it returns through must not lead back into the middle.
 */
#include <signal.h>
#include <unistd.h>

#include "arch.h"
#include "demo.h"
#include "percpu.h"
#include "storm.h"

#define THREADS		4
#define MS		2000
#define IN_HANDLER	8	/* additions by each handler */

enum { BY_THREAD, BY_HANDLER };

static __thread struct worker *self;

/* Written by handlers on all threads. */
static uint64_t handlers, frames_inside, frames_at_response;

static void handler(int signal, siginfo_t *info, void *ucontext)
{
	uintptr_t pc = frame_pc(ucontext);
	int i;

	(void)signal;
	(void)info;
	__atomic_add_fetch(&handlers, 1, __ATOMIC_RELAXED);
	if (pc == (uintptr_t)percpu_start)
		__atomic_add_fetch(&frames_at_response, 1, __ATOMIC_RELAXED);
	else if (pc > (uintptr_t)percpu_start && pc < (uintptr_t)percpu_end)
		__atomic_add_fetch(&frames_inside, 1, __ATOMIC_RELAXED);
	storm_nap(50);
	storm_move(0, *self->cpu + 1);
	for (i = 0; i < IN_HANDLER; i++) {
		percpu_add(self->arg, self->cpu);
		self->tally[BY_HANDLER].done++;
	}
}

static void work(struct worker *worker)
{
	struct percpu *counters = worker->arg;
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	self = worker;
	pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
	while (!storm_over()) {
		percpu_add(counters, worker->cpu);
		worker->tally[BY_THREAD].done++;
	}
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

static void send(struct worker *workers, int nr, unsigned int turn)
{
	tgkill(getpid(), workers[turn % (unsigned int)nr].tid, SIGUSR1);
}

static void run(struct half *half)
{
	static struct worker workers[THREADS];
	struct percpu *counters = percpu_new();
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_RESTART };
	uint64_t expected, counted;
	sigset_t signals;
	int i;

	sigemptyset(&signals);
	sigaddset(&signals, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &signals, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (i = 0; i < THREADS; i++) {
		workers[i].arg = counters;
		workers[i].work = work;
	}
	demo_say("%d threads add, their signal handler sleeps, migrates, and adds too, for %.1f s",
		 THREADS, MS / 1e3);
	if (!storm(half, workers, THREADS, send, MS))
		return;
	expected = storm_sum(workers, THREADS, BY_THREAD).done +
		   storm_sum(workers, THREADS, BY_HANDLER).done;
	counted = percpu_sum(counters);
	demo_say("expected %s, counted %s; %s signals handled, %s frames hold the response",
		 demo_number(expected), demo_number(counted), demo_number(handlers),
		 demo_number(frames_at_response));
	demo_must(half, counted <= expected, "expected at most %s counted, saw %s",
		  demo_number(expected), demo_number(counted));
	demo_must(half, !half->registered || frames_at_response,
		  "proved nothing: expected signal frames that hold the response, saw none of %s",
		  demo_number(handlers));
	demo_count(half, "updates lost", expected - counted, expected);
	demo_count(half, "signal frames mid-sequence", frames_inside, handlers);
}

const struct property signals_property = {
	.name = "signals",
	.claim = "a signal handler that sleeps and migrates mid-sequence loses nothing",
	.selector = ESTP_PREEMPTION,
	.run = run,
};
