// SPDX-License-Identifier: MIT
/*
 * What an event costs, in guest instructions: one event, many times, the median.
 *
 *   events [STATE...]      one process a state, in this order, each a column
 *
 *   without        no module
 *   rseq-hit       likewise, and the code that the event meets is an rseq section
 *   loaded         the module is there, nobody has registered anything yet
 *   others         nothing registered here, but by another process, which sleeps
 *   outside        one page registered, below all code that runs
 *   between        two, below and above it
 *   hit            the code that the event meets is registered for it
 *   gone           nothing any more, since ten seconds; comes last
 *
 * A state with "-norseq" behind it runs without glibc's registration for rseq, and only
 * what rseq has a part in. With --main only the rows of the regression gate are run.
 *
 * Runs on one virtual CPU under an instruction-counting QEMU (vm/run --icount), where the
 * clock advances by one an instruction, and two boots agree to the last of them.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static bool main_only;

static void outside(void)
{
	register_pages(make_pages((void *)0x10000, 1), 1);
}

static void between(void)
{
	outside();
	register_pages(make_pages(NULL, 1), 1);
}

/* Another process, which has registered when this returns. */
static void others(void)
{
	int ready[2];
	char c = 0;

	if (pipe(ready))
		die("pipe");
	if (!fork()) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		outside();
		if (write(ready[1], &c, 1) != 1)
			_exit(1);
		for (;;)
			pause();
	}
	if (read(ready[0], &c, 1) != 1)
		die("pipe");
}

/* What had been registered before is taken down, and then some. */
static void gone(void)
{
	sleep(12);
}

static void all(bool registered)
{
	switches();
	preemption();
	signals();
	faults_by_signal(fault, fault_response);
	forks();
	threads();
	if (!main_only)
		requests(registered);
}

static void rseq_part(void)
{
	switches();
	preemption();
	signals();
	faults_by_signal(fault, fault_response);
}

/* A copy of fault() on a registered page that says PREEMPTION: a signal counts as one. */
static void (*preemption_fault(void))(const void *p)
{
	unsigned char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t off = (unsigned char *)fault - fault_page;
	uint64_t *word = (void *)page;

	if (page == MAP_FAILED)
		die("mmap");
	memcpy(page, fault_page, off + 64);
	word[1] &= ~(7ull << 61);	/* ESTP_PREEMPTION */
	__builtin___clear_cache((char *)page, (char *)page + off + 64);
	register_pages(page, 1);
	return (void (*)(const void *))(page + off);
}

static void hits(void)
{
	register_pages(watch_page, 1);
	preemption();
	madvise(watch_page, PAGE, MADV_ESTP_UNREGISTER);
	register_pages(fault_page, 1);
	faults();
	madvise(fault_page, PAGE, MADV_ESTP_UNREGISTER);
	register_pages(gate_page, 1);
	faults_by_signal(gate, NULL);
	column = "hit as PREEMPTION";
	faults_by_signal(preemption_fault(), NULL);
}

static void rseq_hits(void)
{
	rseq_watch = true;
	preemption();
	faults_by_signal(rseq_fault, NULL);
}

struct state {
	const char *name, *column;
	void (*prepare)(void);
	bool registered;
};

static const struct state states[] = {
	{ "without", "without module", NULL, false },
	{ "rseq-hit", "without module, rseq hit", NULL, false },
	{ "loaded", "loaded", NULL, false },
	{ "others", "another is registered", others, false },
	{ "outside", "pc outside", outside, true },
	{ "between", "pc between", between, true },
	{ "hit", "hit", NULL, true },
	{ "gone", "gone again", gone, false },
};

static void run(const char *name)
{
	static char with_suffix[64];
	const char *suffix = strstr(name, "-norseq");
	size_t len = suffix ? (size_t)(suffix - name) : strlen(name), i;

	for (i = 0; i < sizeof(states) / sizeof(*states); i++)
		if (strlen(states[i].name) == len && !strncmp(states[i].name, name, len))
			break;
	if (i == sizeof(states) / sizeof(*states)) {
		fprintf(stderr, "events: no state %s\n", name);
		exit(125);
	}
	snprintf(with_suffix, sizeof(with_suffix), "%s%s", states[i].column,
		 suffix ? ", no rseq" : "");
	column = with_suffix;
	if (states[i].prepare)
		states[i].prepare();
	if (!strcmp(states[i].name, "hit"))
		hits();
	else if (!strcmp(states[i].name, "rseq-hit"))
		rseq_hits();
	else if (suffix || states[i].prepare == gone)
		rseq_part();
	else
		all(states[i].registered);
}

/* A process of its own, by exec, for the tunable takes effect at the start. */
static void start(const char *name)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		die("fork");
	if (!child) {
		if (strstr(name, "-norseq"))
			setenv("GLIBC_TUNABLES", "glibc.pthread.rseq=0", 1);
		execl("/proc/self/exe", "events", main_only ? "--one-main" : "--one", name, NULL);
		_exit(125);
	}
	waitpid(child, &status, 0);
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		exit(1);
}

int main(int argc, char **argv)
{
	int i = 1;

	if (argc == 2 && !strcmp(argv[1], "--exit"))
		return 0;
	if (argc == 3 && !strncmp(argv[1], "--one", 5)) {
		main_only = !strcmp(argv[1], "--one-main");
		run(argv[2]);
		return 0;
	}
	if (argc > 1 && !strcmp(argv[1], "--main")) {
		main_only = true;
		i++;
	}
	for (; i < argc; i++)
		start(argv[i]);
	return 0;
}
