// SPDX-License-Identifier: MIT
/*
 * What grows with what, in guest instructions: one axis a run, one row a point.
 *
 *   growth pages         registered pages, 1 to 100,000
 *   growth descriptors   descriptors of one page, 1 to 255
 *   growth entries       entries of one table, 1 to 65,535, all in one span of code
 *   growth threads       threads that sleep, 1 to 1,000
 *   growth cpus          as many threads run, each on its own CPU, as this guest has
 *
 * Cells are for bench/table.  Wants module parameters that allow as much.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static unsigned long point;	/* on the axis */

static void at(const char *what, unsigned int nr)
{
	char row[32];

	snprintf(row, sizeof(row), "%lu", point);
	column = what;
	cell(row, nr);
}

static void at_once(const char *what, uint64_t value)
{
	sample[0] = value;
	at(what, 1);
}

/* ---- Memory ------------------------------------------------------------------------ */

static struct estp_stats stats(void)
{
	struct estp_stats s = { .mem_fd = -1 };
	int fd = open(ESTP_DEVICE, O_RDWR);

	if (fd < 0 || ioctl(fd, ESTP_IOC_STATS, &s))
		die(ESTP_DEVICE);
	close(fd);
	return s;
}

/* Slabs that are not reclaimable, and vmalloc's, in bytes. */
static uint64_t kernel_memory(void)
{
	static const char *const names[] = { "SUnreclaim:", "VmallocUsed:" };
	char buf[4096], *at;
	uint64_t sum = 0;
	unsigned int i;
	ssize_t len;
	int fd = open("/proc/meminfo", O_RDONLY);

	len = read(fd, buf, sizeof(buf) - 1);
	close(fd);
	if (len <= 0)
		die("/proc/meminfo");
	buf[len] = 0;
	for (i = 0; i < 2; i++) {
		at = strstr(buf, names[i]);
		if (!at)
			die(names[i]);
		sum += strtoull(at + strlen(names[i]), NULL, 10) << 10;
	}
	return sum;
}

/* ---- What is measured at every point --------------------------------------------------- */

static void yield_ever(void)
{
	for (;;)
		sched_yield();
}

static void two_switches(const char *what)
{
	pid_t child = fork();
	int i;

	if (!child)
		yield_ever();
	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();

		sched_yield();
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	at(what, ROUNDS);
}

static void faults_at(const char *what)
{
	int i;

	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();

		fault(NULL);
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	at(what, ROUNDS);
}

#define FEW	9

static void fork_exit(const char *what)
{
	int i;

	real_time(1);
	for (i = -2; i < FEW; i++) {
		uint64_t t = now();
		pid_t child = fork();

		if (!child)
			_exit(0);
		waitpid(child, NULL, 0);
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	real_time(0);
	at(what, FEW);
}

/* A point in a process of its own, so that it begins with nothing. */
static void run(unsigned long nr, void (*measure)(unsigned long nr))
{
	pid_t child = fork();
	int status;

	if (!child) {
		point = nr;
		measure(nr);
		_exit(0);
	}
	waitpid(child, &status, 0);
	if (status) {
		fprintf(stderr, "growth: at %lu: status %#x\n", nr, status);
		exit(1);
	}
	/* What it had is taken down, and freed. */
	usleep(500000);
}

/* ---- Pages ------------------------------------------------------------------------------ */

/* Shared memory, of which fork copies nothing: what grows is ours alone. */
static unsigned char *shared_pages(unsigned long nr)
{
	int fd = syscall(SYS_memfd_create, "pages", 0);
	uint64_t word[2] = { ESTP_METADATA(ESTP_LAYOUT_PAGE, 1),
			     ESTP_DESCRIPTOR(ESTP_FAULT, 64, 72, 128) };
	unsigned char *p;
	unsigned long i;

	if (fd < 0 || ftruncate(fd, nr * PAGE))
		die("memfd");
	for (i = 0; i < nr; i++)
		if (pwrite(fd, word, sizeof(word), i * PAGE) != sizeof(word))
			die("pwrite");
	p = mmap(NULL, nr * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
	close(fd);
	if (p == MAP_FAILED)
		die("mmap");
	return p;
}

static void pages(unsigned long nr)
{
	unsigned char *p = shared_pages(nr);
	uint64_t before, t;

	/* The space itself, and a page below, so that the pc is between them. */
	register_pages(make_pages((void *)0x10000, 1), 1);
	register_pages(fault_page, 1);
	fork_exit("fork, exit, wait: not yet");
	before = kernel_memory();
	t = now();
	register_pages(p, nr);
	at_once("REGISTER, a page", (now() - t) / nr);
	at_once("bytes by /dev/estp, a page", (stats().memory + nr / 2) / (nr + 2));
	if (nr >= 100)
		at_once("bytes by meminfo, a page", (kernel_memory() - before) / nr);
	two_switches("two switches");
	faults_at("FAULT to response");
	fork_exit("fork, exit, wait");
	t = now();
	madvise(p, nr * PAGE, MADV_ESTP_UNREGISTER);
	at_once("UNREGISTER, a page", (now() - t) / nr);
}

/* ---- Descriptors, entries ----------------------------------------------------------------- */

/* Copies of fault(), with nr descriptors of which the one that is met comes last. */
static void descriptors(unsigned long nr)
{
	unsigned char *p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t *word = (uint64_t *)p, t;
	unsigned int i, off = (unsigned char *)fault - fault_page, len = fault_response - (unsigned char *)fault;
	unsigned int last = PAGE - 16;

	memcpy(p + last, fault_page + off, 16);
	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	for (i = 0; i + 1 < nr; i++)
		word[1 + i] = ESTP_DESCRIPTOR(ESTP_FAULT, 2048 + 4 * i, 2048 + 4 * i + 4, 2048);
	word[nr] = ESTP_DESCRIPTOR(ESTP_FAULT, last, last + len, last + len);
	for (i = 0; i < FEW; i++) {
		t = now();
		register_pages(p, 1);
		sample[i] = now() - t;
	}
	at("REGISTER", FEW);
	at_once("bytes by /dev/estp", stats().memory);
	two_switches("two switches");
	for (i = 0; i < ROUNDS; i++) {
		t = now();
		((void (*)(const void *))(p + last))(NULL);
		sample[i] = now() - t;
	}
	at("FAULT to response", ROUNDS);
	fork_exit("fork, exit, wait");
}

static void entries(unsigned long nr)
{
	size_t bytes = (sizeof(struct estp_table) + nr * sizeof(struct estp_entry) + PAGE - 1) & ~(PAGE - 1);
	size_t code_bytes = (nr * 8 + 64 + PAGE - 1) & ~(PAGE - 1);
	unsigned char *code = mmap(NULL, code_bytes, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct estp_table *table = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct estp_entry *entry = (void *)(table + 1);
	unsigned int len = fault_response - (unsigned char *)fault;
	unsigned long i, last = (nr - 1) * 8;
	uint64_t before, t;

	memcpy(code + last, fault, 16);
	*table = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr), .base = (uintptr_t)code,
		.entries = (uintptr_t)entry, .entry_size = sizeof(*entry),
	};
	for (i = 0; i < nr; i++)
		entry[i] = (struct estp_entry) {
			.start = i * 8, .length = i == nr - 1 ? len : 4,
			.response = i == nr - 1 ? last + len : 0,
			.selector = ESTP_FAULT, .causes = ESTP_CAUSE_PAGE,
		};
	register_pages(make_pages((void *)0x10000, 1), 1);
	fork_exit("fork, exit, wait: not yet");
	before = kernel_memory();
	t = now();
	if (madvise(table, PAGE, MADV_ESTP_REGISTER))
		die("MADV_ESTP_REGISTER");
	at_once("REGISTER, an entry", (now() - t) / nr);
	at_once("bytes by /dev/estp, an entry", stats().memory / nr);
	if (nr >= 1000)
		at_once("bytes by meminfo, an entry", (kernel_memory() - before) / nr);
	two_switches("two switches");
	for (i = 0; i < ROUNDS; i++) {
		t = now();
		((void (*)(const void *))(code + last))(NULL);
		sample[i] = now() - t;
	}
	at("FAULT to response", ROUNDS);
	fork_exit("fork, exit, wait");
}

/* ---- Threads, CPUs --------------------------------------------------------------------------- */

static void *sleep_ever(void *unused)
{
	for (;;)
		pause();
	return unused;
}

static void *nothing(void *unused)
{
	return unused;
}

static void membarrier(int command)
{
	if (syscall(SYS_membarrier, command, 0, 0))
		die("membarrier");
}

static void expedited(void)
{
	membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

static void expedited_rseq(void)
{
	membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED_RSEQ);
}

static void fence(void)
{
	if (madvise(NULL, 0, MADV_ESTP_FENCE))
		die("MADV_ESTP_FENCE");
}

#define FENCES	200

/* Other CPUs' instructions count, too; @spun() says how many of them are no part of it. */
static void barrier(const char *what, void (*how)(void), uint64_t (*spun)(void))
{
	int i;

	for (i = -WARM_UP; i < FENCES; i++) {
		uint64_t idle = spun(), t = now();

		how();
		t = now() - t;
		if (i >= 0)
			sample[i] = t - (spun() - idle);
	}
	at(what, FENCES);
}

static uint64_t none(void)
{
	return 0;
}

static void barriers(uint64_t (*spun)(void))
{
	/* Who has been joined may still have its address space. */
	usleep(10000);
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
	membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED_RSEQ);
	barrier("membarrier, expedited", expedited, spun);
	barrier("membarrier, RSEQ", expedited_rseq, spun);
	barrier("FENCE", fence, spun);
}

static void create_join(const char *what)
{
	int i;

	for (i = -WARM_UP; i < 200; i++) {
		uint64_t t = now();
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
			die("pthread");
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	at(what, 200);
}

static void start_threads(unsigned long nr)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 32768);
	while (nr--)
		if (pthread_create(&thread, &attr, sleep_ever, NULL))
			die("pthread_create");
	/* They are where they sleep. */
	usleep(100000);
}

static void threads_at(unsigned long nr)
{
	unsigned char *page = make_pages((void *)0x10000, 1);
	uint64_t before, t;
	int i;

	start_threads(nr - 1);
	two_switches("two switches: not yet");
	fork_exit("fork, exit, wait: not yet");
	create_join("create, join: not yet");
	before = kernel_memory();
	t = now();
	register_pages(page, 1);
	at_once("the first REGISTER", now() - t);
	if (nr >= 100)
		at_once("bytes by meminfo, a thread", (kernel_memory() - before) / nr);
	for (i = 0; i < FEW; i++) {
		t = now();
		register_pages(page, 1);
		sample[i] = now() - t;
	}
	at("REGISTER", FEW);
	two_switches("two switches");
	fork_exit("fork, exit, wait");
	create_join("create, join");
	barriers(none);
}

static void end_of_threads(unsigned long nr, bool registered, const char *what)
{
	int ready[2], i;
	char c = 0;

	point = nr;
	if (pipe(ready))
		die("pipe");
	for (i = 0; i < 3; i++) {
		pid_t child = fork();
		uint64_t t;

		if (!child) {
			unsigned char *page = make_pages((void *)0x10000, 1);

			start_threads(nr - 1);
			if (registered)
				register_pages(page, 1);
			if (write(ready[1], &c, 1) != 1)
				_exit(1);
			for (;;)
				pause();
		}
		if (read(ready[0], &c, 1) != 1)
			die("pipe");
		t = now();
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		sample[i] = (now() - t) / nr;
		usleep(300000);
	}
	close(ready[0]);
	close(ready[1]);
	at(what, 3);
}

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		die("sched_setaffinity");
}

/*
 * Threads that run.  Each counts the instructions that it runs through in user space, on a
 * cache line of its own, a block of them at a time; after a block it lets the emulator
 * turn to another CPU, which keeps blocks whole.
 */
static struct {
	volatile uint64_t spun;
	char pad[56];
} *cpu_of;
static long cpu_nr;

static void *run_ever(void *cpu)
{
	pin((long)cpu);
	spin(&cpu_of[(long)cpu].spun);
	return NULL;
}

static uint64_t spun(void)
{
	uint64_t sum = 0;
	long i;

	for (i = 1; i < cpu_nr; i++)
		sum += cpu_of[i].spun;
	return sum;
}

static void wait_for(long cpu)
{
	while (!cpu_of[cpu].spun)
		cpu_pause();
}

/* What /proc/interrupts counts of calls that one CPU sent another, by CPU. */
static void calls(unsigned long *nr)
{
	char buf[32768], *at;
	ssize_t len, more;
	long i;
	int fd = open("/proc/interrupts", O_RDONLY);

	for (len = 0; (more = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0; len += more)
		;
	close(fd);
	buf[len] = 0;
	at = strstr(buf, CALL_INTERRUPTS);
	if (!at)
		die("/proc/interrupts");
	at += strlen(CALL_INTERRUPTS);
	for (i = 0; i < cpu_nr; i++)
		nr[i] = strtoul(at, &at, 10);
}

/* Interrupts by 100 fences: of the busiest CPU that runs the process, and of all that do not. */
static void interrupts(unsigned long nr)
{
	unsigned long before[cpu_nr], after[cpu_nr], most = 0, others = 0;
	long i;

	calls(before);
	for (i = 0; i < 100; i++)
		fence();
	calls(after);
	for (i = 1; i < cpu_nr; i++) {
		unsigned long n = after[i] - before[i];

		if (i >= (long)nr)
			others += n;
		else if (n > most)
			most = n;
	}
	at_once("interrupts of a CPU that runs it, 100 fences", most);
	at_once("interrupts of CPUs that do not, 100 fences", others);
}

/* The first @nr CPUs run this process, the others another one. */
static void cpus(unsigned long nr)
{
	unsigned char *page = make_pages((void *)0x10000, 1);
	pid_t child[cpu_nr];
	pthread_t thread;
	uint64_t t;
	long i;

	cpu_of = mmap(NULL, cpu_nr * sizeof(*cpu_of), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (cpu_of == MAP_FAILED)
		die("mmap");
	pin(0);
	for (i = nr; i < cpu_nr; i++) {
		child[i] = fork();
		if (!child[i])
			run_ever((void *)i);
		wait_for(i);
	}
	for (i = 1; i < (long)nr; i++) {
		if (pthread_create(&thread, NULL, run_ever, (void *)i))
			die("pthread_create");
		wait_for(i);
	}
	t = now();
	register_pages(page, 1);
	at_once("the first REGISTER", now() - t);
	barriers(spun);
	interrupts(nr);
	if (nr > 1) {
		register_pages(spin_page, 1);
		barrier("FENCE, hit", fence, spun);
	}
	for (i = nr; i < cpu_nr; i++)
		kill(child[i], SIGKILL);
}

int main(int argc, char **argv)
{
	static const unsigned long to_100000[] = { 1, 10, 100, 1000, 10000, 100000, 0 },
		to_255[] = { 1, 4, 16, 64, 255, 0 },
		to_65535[] = { 1, 16, 256, 4096, 65535, 0 },
		to_1000[] = { 1, 10, 100, 1000, 0 }, to_8[] = { 1, 2, 4, 8, 0 };
	const char *axis = argc == 2 ? argv[1] : "";
	const unsigned long *nr;

	setvbuf(stdout, NULL, _IOLBF, 0);
	if (!strcmp(axis, "pages")) {
		for (nr = to_100000; *nr; nr++)
			run(*nr, pages);
	} else if (!strcmp(axis, "descriptors")) {
		for (nr = to_255; *nr; nr++)
			run(*nr, descriptors);
	} else if (!strcmp(axis, "entries")) {
		for (nr = to_65535; *nr; nr++)
			run(*nr, entries);
	} else if (!strcmp(axis, "threads")) {
		for (nr = to_1000; *nr; nr++)
			run(*nr, threads_at);
		for (nr = to_1000; *nr; nr++)
			end_of_threads(*nr, false, "kill, a thread: not registered");
		for (nr = to_1000; *nr; nr++)
			end_of_threads(*nr, true, "kill, a thread");
	} else if (!strcmp(axis, "cpus")) {
		cpu_nr = sysconf(_SC_NPROCESSORS_ONLN);
		for (nr = to_8; *nr && *nr <= (unsigned long)cpu_nr; nr++)
			run(*nr, cpus);
	} else {
		fprintf(stderr, "growth: no axis %s\n", axis);
		return 125;
	}
	return 0;
}
