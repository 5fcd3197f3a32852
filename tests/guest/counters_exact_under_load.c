// SPDX-License-Identifier: MIT
/*
 * PRE-8, REG-14, REG-16, REG-18, LIFE-1: per-CPU counters stay exact while their
 * sequence is registered again and again, in both layouts, other code comes and goes
 * around it, threads are created and end, and the whole machine is busy with
 * something else.
 *
 * Method: other processes load the machine with forks, page faults, signals, pipes and
 * context switches (those of this file, or stress-ng's: see counters_exact_under_stress_ng). Threads, more than CPUs, increment the counter of the CPU they
 * are on by plain load, add and store, while the main thread preempts and migrates
 * them and, meanwhile, does all that can be done to the set without taking the sequence
 * out of it. The sum of the counters is compared with what the threads did. Proof:
 * diversions, registrations and a load that worked. The twin, unregistered, loses.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <sys/prctl.h>
#include <sys/time.h>

#include "probe.h"

const unsigned int test_seconds = 60;

#define SPINS	300
#define RUN_MS	2500
#define SLOWER_MS 15000			/* more, until there are so many */
#define CHANGES	6
#define THREADS	8
#define VALUE	0x1000

typedef void add_fn(u64 *counters, const u32 *cpu, u64 spins);

static add_fn *add;
static u64 *counters;
static volatile bool stop;

static struct worker {
	pthread_t thread;
	volatile pid_t tid;
	u64 done;
} workers[THREADS];

static void *work(void *arg)
{
	struct worker *w = arg;
	const u32 *cpu = cpu_number();

	w->tid = gettid_();
	while (!stop) {
		add(counters, cpu, SPINS);
		w->done++;
	}
	return NULL;
}

/* A thread that comes and goes, adds a little, and is counted as well. */
static void *visit(void *arg)
{
	u64 i;

	for (i = 0; i < 20; i++)
		add(counters, cpu_number(), SPINS);
	*(u64 *)arg += i;
	return NULL;
}

static u64 visits(u64 *made)
{
	pthread_t thread;

	must(!pthread_create(&thread, NULL, visit, made));
	must(!pthread_join(thread, NULL));
	return 1;
}

/* The set, changed in every way that leaves the sequence in it. */
static u8 *around;

static void change_set(struct code *c, u64 n)
{
	size_t page = page_size();
	u8 *p = around + n % 16 * page;

	must(!code_register(c, ESTP_LAYOUT_PAGE));
	must(!code_register(c, ESTP_LAYOUT_TABLE));
	must(!probe_register(p));
	must(!probe_register_table(p, n & 1));
	if (n & 1)
		must(!madv_unregister(p, page));
	if (n % 7 == 3) {
		u8 *q = probe_new(VALUE);

		must(!probe_register(q));
		must(!munmap(q, page));
	}
	if (n % 11 == 5)
		must(!madv_fence());
}

static u64 changes;

static u64 run(struct code *c, bool registered, u64 *counted)
{
	int cpus = cpus_nr(), i;
	u64 made = 0, end, n = 0;

	memset(workers, 0, sizeof(workers));
	memset(counters, 0, cpus * PERCPU_STRIDE * sizeof(u64));
	stop = false;
	for (i = 0; i < THREADS; i++)
		must(!pthread_create(&workers[i].thread, NULL, work, &workers[i]));
	for (i = 0; i < THREADS; i++)
		wait_until(workers[i].tid, 5000);
	end = now_ms() + RUN_MS;
	for (; now_ms() < end || (registered && changes < CHANGES && now_ms() < end + SLOWER_MS); n++) {
		pin_tid(workers[n % THREADS].tid, (n / THREADS + n) % cpus);
		preempt(n % cpus);
		if (registered) {
			change_set(c, n);
			changes++;
		}
		if (n % 8 == 0)
			visits(&made);
		sleep_us(300);
	}
	stop = true;
	for (i = 0; i < THREADS; i++) {
		must(!pthread_join(workers[i].thread, NULL));
		made += workers[i].done;
	}
	*counted = 0;
	for (i = 0; i < cpus; i++)
		*counted += counters[i * PERCPU_STRIDE];
	return made;
}

#ifdef BY_STRESS_NG

static pid_t load(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	must(!dup2(open("/dev/null", O_RDWR), 0));
	must(dup2(0, 1) == 1);
	execl("/usr/bin/stress-ng", "stress-ng", "--quiet", "--temp-path", "/tmp", "--timeout", "40",
	      "--fork", "1", "--sigsegv", "1", "--switch", "1", "--mmap", "1", "--mmap-bytes", "8M",
	      "--timer", "1", "--madvise", "1", NULL);
	_exit(99);
}

#else

/* What other programs do all day, each in a process of its own. */
static void do_forks(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid)
		_exit(0);
	must(waitpid(pid, NULL, 0) == pid);
}

static sigjmp_buf after_fault;

static void leave_fault(int sig)
{
	siglongjmp(after_fault, 1);
}

static void do_faults(void)
{
	signal(SIGSEGV, leave_fault);
	if (!sigsetjmp(after_fault, 1))
		*(volatile u8 *)WILD_ADDRESS = 1;
}

static void do_switches(void)
{
	static int ping[2], pong[2];
	char byte = 0;

	if (!ping[1]) {
		pid_t pid;

		must(!pipe(ping) && !pipe(pong));
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			while (read(ping[0], &byte, 1) == 1 && write(pong[1], &byte, 1) == 1)
				;
			_exit(0);
		}
	}
	must(write(ping[1], &byte, 1) == 1 && read(pong[0], &byte, 1) == 1);
}

static void do_maps(void)
{
	size_t len = 8 << 20, at, page = page_size();
	u8 *p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(p != MAP_FAILED);
	for (at = 0; at < len; at += 16 * page)
		p[at] = 1;
	must(!madvise(p, len / 2, MADV_DONTNEED));
	must(!mprotect(p, len / 4, PROT_READ));
	must(!munmap(p, len));
}

static void nothing(int sig)
{
}

static void do_timers(void)
{
	const struct itimerval every = { { .tv_usec = 1000 }, { .tv_usec = 1000 } };

	signal(SIGALRM, nothing);
	must(!setitimer(ITIMER_REAL, &every, NULL));
	pause();
}

static pid_t load(void)
{
	void (*const loads[])(void) = { do_forks, do_faults, do_switches, do_maps, do_timers };
	unsigned int i;
	pid_t pid = fork();

	must(pid >= 0);
	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (i = 0; i < ARRAY_LEN(loads); i++) {
		pid = fork();
		must(pid >= 0);
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			for (;;)
				loads[i]();
		}
	}
	/* One that ends has failed. */
	waitpid(-1, NULL, 0);
	_exit(99);
}

#endif

static u64 switches(void)
{
	char line[256];
	u64 nr = 0;
	FILE *f = fopen("/proc/stat", "re");

	must(f);
	while (fgets(line, sizeof(line), f))
		if (!strncmp(line, "ctxt ", 5))
			nr = strtoull(line + 5, NULL, 10);
	fclose(f);
	return nr;
}

void test(void)
{
	u64 made, counted, before, switches_before;
	struct percpu_add percpu;
	struct code *c;
	pid_t stress;
	int i, status;

	need_estp_and_counters();
	need_cpus(2);
	around = pages_new(16);
	for (i = 0; i < 16; i++) {
		probe_code(around + i * page_size(), VALUE);
		probe_header(around + i * page_size(), 0);
	}
	counters = calloc(cpus_nr() * PERCPU_STRIDE, sizeof(u64));
	c = code_new(1);
	percpu = emit_percpu_add(c);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = percpu.start,
					.end = percpu.end, .response = percpu.start });
	code_seal(c);
	add = (add_fn *)code_addr(c, percpu.start);

	stress = load();
	set_fifo(0, 10);
	sleep_us(1000000);
	switches_before = switches();
	must(!code_register(c, ESTP_LAYOUT_PAGE));
	before = diverted(ESTP_PREEMPTION);
	made = run(c, true, &counted);
	final(is(counted, made, "no increment is lost"));
	ok(made > 1000, "and there were %llu", (unsigned long long)made);
	ok(diverted(ESTP_PREEMPTION) - before > 5, "with %llu diversions",
	   (unsigned long long)(diverted(ESTP_PREEMPTION) - before));
	ok(changes >= 3, "and %llu rounds of changes to the set", (unsigned long long)changes);

	must(!madv_unregister(NULL, USER_END));
	made = run(c, false, &counted);
	ok(counted < made, "twin: %llu of %llu increments are lost",
	   (unsigned long long)(made - counted), (unsigned long long)made);
	ok(switches() - switches_before > 500, "the load did its %llu context switches",
	   (unsigned long long)(switches() - switches_before));
	is(waitpid(stress, &status, WNOHANG), 0, "and is at it still");
	kill(stress, SIGTERM);
	waitpid(stress, &status, 0);
}
