// SPDX-License-Identifier: MIT
/*
 * INT-7, MASK-2, MASK-4: code that creates, holds and wipes secrets inside an
 * INTERRUPT span never shows one to a handler, wherever the signals hit.
 *
 * Method: a thread runs such a sequence again and again under a storm of timer
 * signals and of signals from a thread on the other CPU, which is preempted into
 * it, too. The handler searches its frame, its stack and its live registers, and
 * looks for a pc inside the span. The twin finds both.
 */
#include "harness.h"

#define DONE		1
#define DELAY		150	/* instructions with the secrets in */
#define RUN_MS		1500	/* at least; until enough has been seen, */
#define LONGEST_MS	20000	/* and at most */
#define ENOUGH		300
#define DIVERTED	20	/* of these: the response itself is outside, a signal that hits it is no diversion */

const unsigned int test_seconds = 90;

static struct code *code;
static u32 span_start, span_end, response;
static volatile bool stop;
static u64 before;			/* of diversions, by the kernel's count */
static volatile unsigned long signals_nr, inside_nr, response_nr, secret_nr, stack_nr;

static void look(int sig, siginfo_t *info, ucontext_t *uc)
{
	u64 pc = frame_pc(uc);

	signals_nr++;
	inside_nr += pc >= (u64)code_addr(code, span_start) && pc < (u64)code_addr(code, span_end);
	response_nr += pc == (u64)code_addr(code, response);
	secret_nr += caught->live_secrets || secrets_in(&caught->frame, sizeof(caught->frame));
	stack_nr += caught->stack_secrets != 0;
	if (stop)
		code->data->word[0] = 1;	/* the last round */
}

static void *send_signals(void *arg)
{
	pid_t tid = *(pid_t *)arg;

	pin(0);
	while (!stop) {
		syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
		sleep_us(150);
	}
	/* Until the handler has seen that it is over. */
	syscall(SYS_tgkill, getpid(), tid, SIGUSR1);
	return NULL;
}

static bool enough(void)
{
	return inside_nr >= ENOUGH ||
	       (response_nr >= ENOUGH && diverted(ESTP_INTERRUPT) - before > DIVERTED);
}

static void *end_it(void *arg)
{
	u64 begin = now_ms(), t;

	pin(0);
	do
		sleep_us(10000);
	while ((t = now_ms() - begin) < RUN_MS || (!enough() && t < LONGEST_MS));
	stop = true;
	return NULL;
}

static void run(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR2 };
	struct itimerspec often = { { 0, 270000 }, { 0, 270000 } };
	static struct regs in, out;
	pid_t tid = gettid_();
	pthread_t sender, ender;
	timer_t timer;

	signals_nr = inside_nr = response_nr = secret_nr = stack_nr = 0;
	stop = false;
	caught_reset();
	code_reset(code);
	code->data->word[0] = ~0ull;
	memset(&in, 0, sizeof(in));
	regs_fill(&in, 1);
	regs_clear(&in, REGS_CLEAR_VALID, false);
	event._sigev_un._tid = tid;
	must(!timer_create(CLOCK_MONOTONIC, &event, &timer));
	must(!pthread_create(&sender, NULL, send_signals, &tid));
	must(!pthread_create(&ender, NULL, end_it, NULL));
	must(!timer_settime(timer, 0, &often, NULL));
	regs_run(&in, &out, code_addr(code, span_start));
	timer_delete(timer);
	must(!pthread_join(sender, NULL));
	must(!pthread_join(ender, NULL));
	is(code->data->landed, DONE, "the code comes to its end");
	diag("%lu signals: pc inside %lu, at the response %lu, with secrets: live or frame %lu, stack %lu",
	     signals_nr, inside_nr, response_nr, secret_nr, stack_nr);
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	pin(cpus_nr() - 1);
	code = code_new(1);
	span_start = emit_secrets(code);
	for (i = 0; i < DELAY; i++)
		emit_step(code);
	emit_wipe(code);
	span_end = emit_loop(code, &code->data->word[0], span_start);
	emit_land(code, DONE);
	emit_prefix(code);
	response = emit_loop(code, &code->data->word[0], span_start);
	emit_land(code, DONE);
	code_describe(code, (struct seq) { .selector = ESTP_INTERRUPT, .start = span_start,
					   .end = span_end, .response = response,
					   .response_len = 32, .mask = REGS_CLEAR_VALID });
	code_seal(code);
	catch_signal(SIGUSR1, SA_RESTART);
	catch_signal(SIGUSR2, SA_RESTART);
	caught_hook = look;

	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(code, layouts[i]));
		before = diverted(ESTP_INTERRUPT);
		diag("%s layout", layout_names[i]);
		run();
		ok(response_nr > 100, "signals hit the sequence %lu times", response_nr);
		final(is(inside_nr, 0, "no frame holds a pc inside"));
		final(is(secret_nr, 0, "no secret in a frame or in live registers"));
		final(is(stack_nr, 0, "nor on the signal stack"));
		ok(diverted(ESTP_INTERRUPT) - before > DIVERTED &&
		   diverted(ESTP_INTERRUPT) - before <= response_nr,
		   "the kernel counted %llu", (unsigned long long)(diverted(ESTP_INTERRUPT) - before));
		must(!code_unregister(code));
	}
	run();
	ok(inside_nr > 100, "twin: frames hold a pc inside");
	ok(secret_nr > 100 && stack_nr > 100, "twin: secrets are found");
	code_free(code);
}
