// SPDX-License-Identifier: MIT
/*
 * MASK-4, INT-1: vector registers that INTERRUPT has cleared stay so until the handler's first
 * instruction, though the thread sleeps in between and comes to the CPU that holds them still.
 *
 * Method: a thread with secrets in all registers waits in a span on one CPU. While another thread
 * lets nobody else run there, it is moved to the other CPU and gets a signal, so that it is
 * diverted there before its registers are. Its frame is to be written to a page that userfaultfd
 * withholds: there it sleeps, is moved back, and goes on. Nobody has used the vector registers of
 * the first CPU meanwhile. The twin's handler, unregistered, finds the secrets.
 */
#include <semaphore.h>

#include "machine.h"

const unsigned int test_seconds = 90;

#define RESPONSE	1
#define LET_GO		2
#define MASK		ESTP_CLEAR_FP
#define STACK_LEN	(1u << 17)
#define ROUNDS		10

static int uffd, handled_on;
static u8 *stack;
static struct victim v;
static u32 go;
static volatile bool hold;
static sem_t holds;

static void on_that_stack(void)
{
	stack_t ss = { .ss_sp = stack, .ss_size = STACK_LEN };

	must(!sigaltstack(&ss, NULL));
}

static void where(int sig, siginfo_t *info, ucontext_t *uc)
{
	handled_on = sched_getcpu();
}

/* Nobody of lower priority runs on CPU 0. */
static void *keep(void *unused)
{
	pin(0);
	set_fifo(0, 5);
	must(!sem_post(&holds));
	while (hold)
		;
	return NULL;
}

static void watch_stack(void)
{
	stack = mmap(NULL, STACK_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(stack != MAP_FAILED);
	userfault_withhold(uffd, stack, STACK_LEN);
}

/* The next page that the stack lacks; NULL if the handler has come to its end without. */
static void *lacks(void)
{
	void *at = NULL;

	wait_until((at = userfault_next(uffd)) || caught->nr, 5000);
	return at;
}

/* One signal, on its way over both CPUs; false if it did not go that way. */
static bool once(void)
{
	pthread_t keeper;
	bool slept_there;
	void *at;

	code_reset(v.code);
	caught_reset();
	handled_on = -1;
	watch_stack();
	victim_start(&v);
	hold = true;
	/* Above it for as long as it is there, and never waiting but asleep: others have to get on. */
	set_fifo(0, 10);
	must(!pthread_create(&keeper, NULL, keep, NULL) && !sem_wait(&holds));
	pin_tid(v.tid, 0);
	must(!syscall(SYS_tgkill, getpid(), v.tid, SIGUSR1));
	hold = false;
	must(!pthread_join(keeper, NULL));
	set_fifo(0, 0);
	at = lacks();
	if (!at)
		bail("no frame is written");
	slept_there = wait_asleep(v.tid, 2000) && stat_number(v.tid, STAT_CPU) == 0;
	pin_tid(v.tid, 1);
	do {
		userfault_give(uffd, at, NULL);
	} while ((at = lacks()));
	if (!wait_until(v.code->data->landed, 1000))
		code_let_go(v.code, 0, go);
	victim_join(&v, 3000);
	must(!munmap(stack, STACK_LEN));
	return slept_there && handled_on == 1 && caught->nr == 1;
}

void test(void)
{
	u32 end, response;
	unsigned int i, way, clean, live, landed, secrets;
	struct regs want;

	need_estp_and_counters();
	need_cpus(2);
	uffd = userfault_open();
	if (uffd < 0)
		skip_all("no userfaultfd: %s", strerror(errno));
	pin(0);
	must(!sem_init(&holds, 0, 0));
	catch_signal(SIGUSR1, SA_ONSTACK);
	caught_hook = where;
	v = (struct victim) { .code = code_new(1), .cpu = 1, .prepare = on_that_stack };
	v.entry = emit_inside(v.code);
	emit_hold(v.code);
	end = v.code->at;
	go = emit_land(v.code, LET_GO);
	emit_prefix(v.code);
	response = emit_land(v.code, RESPONSE);
	code_describe(v.code, (struct seq) { .selector = ESTP_INTERRUPT, .start = v.entry, .end = end,
					     .response = response, .mask = MASK });
	code_seal(v.code);
	for (i = 0; i < ARRAY_LEN(layouts); i++) {
		must(!code_register(v.code, layouts[i]));
		way = clean = live = landed = 0;
		while (way < ROUNDS && live++ < 3 * ROUNDS) {
			if (!once())
				continue;
			way++;
			want = v.in;
			regs_clear(&want, MASK, false);
			clean += !regs_diff_live(&caught->live, &want, NULL);
			landed += v.code->data->landed == RESPONSE &&
				  caught->pc == (u64)code_addr(v.code, response) && !regs_diff(&v.out, &want, NULL);
		}
		is(way, ROUNDS, "%s: diverted on one CPU, handled on the other", layout_names[i]);
		is(clean, ROUNDS, "%s: the handler finds what the mask leaves", layout_names[i]);
		is(landed, ROUNDS, "%s: and so does the response", layout_names[i]);
		must(!code_unregister(v.code));
	}
	way = secrets = live = 0;
	while (way < ROUNDS && live++ < 3 * ROUNDS) {
		if (!once())
			continue;
		way++;
		secrets += !regs_diff_live(&caught->live, &v.in, NULL);
	}
	ok(way == ROUNDS && secrets == ROUNDS, "twin: the handler finds all registers as they were (%u of %u)", secrets, way);
	code_free(v.code);
}
