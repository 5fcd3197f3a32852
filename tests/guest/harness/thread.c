// SPDX-License-Identifier: MIT
/*
 * Threads held in a sequence, and preemption that is certain to happen.
 *
 * On each CPU that needs one waits an intruder: a SCHED_FIFO thread, pinned.
 * Waking it takes the CPU from any ordinary thread at once, wherever that is;
 * that the intruder has run is the proof that the other has not.
 */
#include <limits.h>
#include <linux/futex.h>

#include "harness.h"

pid_t gettid_(void)
{
	return syscall(SYS_gettid);
}

void pin_tid(pid_t tid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	must(!sched_setaffinity(tid, sizeof(set), &set));
}

void pin(int cpu)
{
	pin_tid(0, cpu);
}

int cpus_nr(void)
{
	return sysconf(_SC_NPROCESSORS_ONLN);
}

void set_fifo(pid_t tid, int priority)
{
	struct sched_param p = { .sched_priority = priority };

	must(!sched_setscheduler(tid, priority ? SCHED_FIFO | SCHED_RESET_ON_FORK : SCHED_OTHER, &p));
}

/* Intruders ------------------------------------------------------------------ */

static struct intruder {
	bool there;
	pid_t process;			/* threads do not survive fork */
	u32 bed, answered;
	void (*fn)(void *arg);
	void *arg;
	u32 before;			/* answers until it was asked */
	volatile bool occupies, release;
} intruders[CPU_SETSIZE];

/* True if it was woken, false if it did not sleep. */
static bool futex_wait(u32 *word, u32 value)
{
	return !syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

/* How many it woke. */
static long futex_wake(u32 *word)
{
	return syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

static u32 load(u32 *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void *intrude(void *arg)
{
	struct intruder *me = arg;

	/* Before it goes there, where somebody of priority may let nobody else have a turn. */
	set_fifo(0, 50);
	pin(me - intruders);
	for (;;) {
		while (!futex_wait(&me->bed, 0))
			;
		if (me->fn)
			me->fn(me->arg);
		__atomic_add_fetch(&me->answered, 1, __ATOMIC_SEQ_CST);
		futex_wake(&me->answered);
	}
	return NULL;
}

static void ask(int cpu, void (*fn)(void *arg), void *arg)
{
	struct intruder *i = &intruders[cpu];

	if (!i->there || i->process != getpid()) {
		sigset_t all, old;
		pthread_t thread;

		sigfillset(&all);
		pthread_sigmask(SIG_SETMASK, &all, &old);
		must(!pthread_create(&thread, NULL, intrude, i));
		pthread_sigmask(SIG_SETMASK, &old, NULL);
		i->there = true;
		i->process = getpid();
	}
	i->fn = fn;
	i->arg = arg;
	i->before = load(&i->answered);
	/* Only from its bed: an intruder that is still up lets nobody run in between. */
	while (!futex_wake(&i->bed))
		sched_yield();
}

static void wait_for_answer(int cpu)
{
	struct intruder *i = &intruders[cpu];
	u32 answer;

	while ((answer = load(&i->answered)) == i->before)
		futex_wait(&i->answered, answer);
}

void preempt_with(int cpu, void (*fn)(void *arg), void *arg)
{
	ask(cpu, fn, arg);
	wait_for_answer(cpu);
}

static void occupy(void *arg)
{
	struct intruder *me = arg;

	me->occupies = true;
	while (!me->release)
		;
	me->occupies = false;
}

void preempt_begin(int cpu)
{
	struct intruder *i = &intruders[cpu];

	i->occupies = i->release = false;
	ask(cpu, occupy, i);
	must(wait_until(i->occupies, 5000));
}

void preempt_end(int cpu)
{
	intruders[cpu].release = true;
	wait_for_answer(cpu);
}

void preempt(int cpu)
{
	preempt_with(cpu, NULL, NULL);
}

/* Victims -------------------------------------------------------------------- */

static void *be_victim(void *arg)
{
	struct victim *v = arg;

	v->tid = gettid_();
	if (v->fifo)
		set_fifo(0, 1);
	if (v->prepare)
		v->prepare();
	regs_run(&v->in, &v->out, code_addr(v->code, v->entry));
	__atomic_store_n(&v->done, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

void victim_start_attr(struct victim *v, const pthread_attr_t *attr)
{
	v->done = 0;
	v->tid = 0;
	must(!pthread_create(&v->thread, attr, be_victim, v));
	if (!wait_until(v->code->data->inside || v->done, 5000))
		bail("the victim does not get inside");
}

void victim_start_with(struct victim *v)
{
	pthread_attr_t attr;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(v->cpu, &set);
	must(!pthread_attr_init(&attr));
	must(!pthread_attr_setaffinity_np(&attr, sizeof(set), &set));
	victim_start_attr(v, &attr);
	pthread_attr_destroy(&attr);
}

void victim_start(struct victim *v)
{
	static u32 seed;

	regs_fill(&v->in, ++seed);
	code_reset(v->code);
	victim_start_with(v);
}

u32 victim_join(struct victim *v, unsigned int ms)
{
	unsigned int i;

	if (!wait_until(v->done, ms)) {
		for (i = 0; i < v->code->hold_nr; i++)
			code_let_go(v->code, i, v->code->escape);
		if (!wait_until(v->done, 5000))
			bail("the victim cannot be let out");
	}
	must(!pthread_join(v->thread, NULL));
	return v->code->data->landed;
}

/* False if there is no such thread.  From any thread: so not by read_file(). */
static bool stat_word(pid_t tid, enum stat_word nr, char word[32])
{
	char path[32], text[1024];
	unsigned int i;
	const char *at;
	size_t len;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	f = fopen(path, "re");
	if (!f)
		return false;
	len = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[len] = 0;
	/* The name, which is the second, may hold anything. */
	at = strrchr(text, ')');
	for (i = 2; at && i < nr; i++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%31s", word) == 1;
}

char state_of(pid_t tid)
{
	char word[32];

	return stat_word(tid, STAT_STATE, word) ? *word : 'X';
}

unsigned long stat_number(pid_t tid, enum stat_word nr)
{
	char word[32];

	must(stat_word(tid, nr, word));
	return strtoul(word, NULL, 10);
}

u64 switches_of(pid_t tid)
{
	unsigned long long nr, sum = 0;
	char path[40], line[128];
	int found = 0;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	f = fopen(path, "re");
	must(f);
	while (fgets(line, sizeof(line), f)) {
		if (sscanf(line, "voluntary_ctxt_switches: %llu", &nr) == 1 ||
		    sscanf(line, "nonvoluntary_ctxt_switches: %llu", &nr) == 1) {
			sum += nr;
			found++;
		}
	}
	fclose(f);
	must(found == 2);
	return sum;
}

bool wait_asleep(pid_t tid, unsigned int ms)
{
	return wait_until(state_of(tid) == 'S' || state_of(tid) == 'D', ms);
}
