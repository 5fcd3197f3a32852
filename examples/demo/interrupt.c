// SPDX-License-Identifier: MIT
/*
 * INTERRUPT: a gate works with secrets in registers; signals from three sources
 * hail down on it. The handler looks for the secrets wherever a handler can look:
 *
 *	signal stack   |  ...  | what handlers pushed | frame: registers | FP area |
 *	live registers, as they are at the handler's first instruction
 *
 * and checks where the frame says that the thread was.
 *
 * The search must not bring a secret to where it searches. So nobody but the gate
 * ever loads one: getrandom() writes them to memory, and the handler compares
 * fingerprints, word * odd number, which no other word has.
 */
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "demo.h"
#include "gate.h"
#include "storm.h"

#define SECONDS		2.0
#define ROUNDS		1500
#define STACK_LEN	(32 * 1024)
#define FINGER		0x9e3779b97f4a7c15ull

static struct vault vault;
static uint64_t fingerprint[sizeof(struct vault) / 8];
static bool known[4096];	/* by a fingerprint's top bits: nearly all words end here */
static char *signal_stack;

static uint64_t signals, in_gate, at_response, inside;
static uint64_t in_registers, in_fp, on_stack, in_live;
static uint64_t not_cleared, argument_changed;
static volatile bool over;

static uint64_t search(const void *from, size_t len)
{
	const uint64_t *word = from;
	uint64_t found = 0, finger;
	size_t i, j;

	for (i = 0; i < len / 8; i++) {
		finger = word[i] * FINGER;
		if (!known[finger >> 52])
			continue;
		for (j = 0; j < sizeof(fingerprint) / 8; j++)
			found += fingerprint[j] && finger == fingerprint[j];
	}
	return found;
}

void signal_seen(int signal, siginfo_t *info, ucontext_t *uc, const struct live *live)
{
	uintptr_t pc = frame_pc(uc);
	uint64_t all, registers, fp, i;
	size_t fp_len, general_len;
	const void *general = frame_general(uc, &general_len);
	const void *fp_area = frame_fp(uc, &fp_len);

	(void)signal;
	(void)info;
	signals++;
	registers = search(general, general_len);
	fp = search(fp_area, fp_len);
	all = search(signal_stack, STACK_LEN);
	in_registers += registers;
	in_fp += fp;
	on_stack += all - registers - fp;
	in_live += search(live, sizeof(*live));

	if (pc >= (uintptr_t)gate_start && pc < (uintptr_t)gate_end) {
		in_gate++;
		inside++;
	} else if (pc == (uintptr_t)gate_response) {
		in_gate++;
		at_response++;
		for (i = 0; i < sizeof(gate_cleared) / sizeof(gate_cleared[0]); i++)
			not_cleared += frame_register(uc, gate_cleared[i]) != 0;
		argument_changed += frame_argument(uc, 0) != (uint64_t)(uintptr_t)&vault ||
				    frame_argument(uc, 1) != ROUNDS;
	}
}

static void *sender(void *victim)
{
	storm_realtime();
	while (!over) {
		pthread_kill(*(pthread_t *)victim, SIGUSR2);
		storm_nap(500);
	}
	return NULL;
}

/* Three sources: a timer for this thread, the process's timer, another thread. */
static bool begin_storm(struct half *half, pthread_t *self, pthread_t *thread)
{
	struct sigaction action = { .sa_sigaction = signal_entry,
				    .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART };
	struct itimerspec often = { { 0, 430000 }, { 0, 430000 } };
	struct itimerval often_too = { { 0, 710 }, { 0, 710 } };
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGRTMIN };
	stack_t stack;
	sigset_t all;
	timer_t timer;
	int error;

	signal_stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!demo_must(half, signal_stack != MAP_FAILED, "no memory for a signal stack"))
		return false;
	memset(signal_stack, 0, STACK_LEN);
	stack = (stack_t){ .ss_sp = signal_stack, .ss_size = STACK_LEN };
	sigaltstack(&stack, NULL);
	sigfillset(&action.sa_mask);
	sigaction(SIGRTMIN, &action, NULL);
	sigaction(SIGALRM, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);

	/* The sender is born with all signals blocked: they are for this thread. */
	*self = pthread_self();
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	error = pthread_create(thread, NULL, sender, self);
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
	if (!demo_must(half, !error, "cannot create a thread: %s", strerror(error)))
		return false;
	event._sigev_un._tid = gettid();
	return demo_must(half, !timer_create(CLOCK_MONOTONIC, &event, &timer) &&
			 !timer_settime(timer, 0, &often, NULL) &&
			 !setitimer(ITIMER_REAL, &often_too, NULL), "cannot set timers");
}

static void run(struct half *half)
{
	uint64_t passes = 0, wrong = 0, sum, diverted;
	size_t i, words = sizeof(vault) / 8;
	pthread_t self, thread;
	sigset_t all;
	double end;

	if (!demo_must(half, getrandom(&vault, sizeof(vault), 0) == sizeof(vault),
		       "cannot get random numbers"))
		return;
	for (i = 0; i < words; i++) {
		fingerprint[i] = ((const volatile uint64_t *)&vault)[i] * FINGER;
		known[fingerprint[i] >> 52] = true;
	}
	sum = gate(&vault, ROUNDS);	/* undisturbed; also wipes its registers */

	demo_say("a gate works with %d secret words in registers, under three sources of signals, for %.1f s",
		 GATE_SECRETS, SECONDS);
	if (!begin_storm(half, &self, &thread))
		return;
	for (end = demo_now() + SECONDS; demo_now() < end; passes++)
		wrong += gate(&vault, ROUNDS) != sum;
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	over = true;
	pthread_join(thread, NULL);

	/* A signal that finds the thread at the response still needs no further diversion. */
	diverted = demo_diversions(ESTP_INTERRUPT);
	demo_say("%s passes, %s signals: %s in the gate, their frames %s at its response, %s inside; %s diversions",
		 demo_number(passes), demo_number(signals), demo_number(in_gate),
		 demo_number(at_response), demo_number(inside), demo_number(diverted));
	demo_must(half, diverted <= at_response,
		  "expected a frame at the response for each diversion, saw %s frames, %s diversions",
		  demo_number(at_response), demo_number(diverted));
	demo_must(half, passes && !wrong, "expected each pass to give the same sum, saw %s of %s wrong",
		  demo_number(wrong), demo_number(passes));
	demo_must(half, in_gate, "proved nothing: expected signals inside the gate, saw none");
	demo_must(half, !not_cleared, "expected all masked registers 0 in the frame, saw %s that were not",
		  demo_number(not_cleared));
	demo_must(half, !argument_changed, "expected the gate's arguments in the frame, saw %s without",
		  demo_number(argument_changed));
	demo_count(half, "frames with a pc inside", inside, in_gate);
	demo_count(half, "secrets in the frame's registers", in_registers, in_gate * GATE_GENERAL);
	demo_count(half, "secrets in the frame's FP area", in_fp, in_gate * GATE_VECTOR);
	demo_count(half, "secrets elsewhere on its stack", on_stack, in_gate * GATE_SECRETS);
	demo_count(half, "secrets in live registers", in_live, in_gate * GATE_SECRETS);
}

const struct property interrupt_property = {
	.name = "interrupt",
	.claim = "no signal handler sees the secrets that a gate holds in registers",
	.selector = ESTP_INTERRUPT,
	.run = run,
};
