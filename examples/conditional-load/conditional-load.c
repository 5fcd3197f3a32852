// SPDX-License-Identifier: MIT
/*
 * A server reads a client's memory with its own, greater rights (A), but only while the
 * client's grant (B) permits it.
 *
 *   client			server
 *				if (b->state == REVOKED) stop
 *	b->state = REVOKED	...
 *	ftruncate(memory, 0)	... here
 *				word = *a		SIGBUS: an innocent server is killed
 *
 * To ask B before each load is too early, whatever is asked; to ask afterwards is too
 * late.  load.h (one for each architecture) loads first, and asks B if the load fails: revoked, it stops;
 * lapsed, it reads 0 and goes on; still permitted, then the fault is a mistake of the
 * server's own, and it takes the SIGSEGV that a mistake deserves.
 *
 * The schedule is forced: the client traces the server, steps it to the load, takes
 * its memory back, and lets go.  The twin is the same code with its sequences given back.
 */
#include <string.h>
#include <sys/mman.h>

#include "../tap.h"
#include "grant.h"
#include "load.h"

#define PAGES		8
#define TAKEN_AT	4	/* the load, from 1 on, before which the client acts */
#define PATIENCE_S	60

static size_t page;		/* bytes */

/* One request, and what came of it; shared by client and server. */
static struct request {
	struct grant grant;
	int pages;			/* to read, a word of each: more than there are is a mistake */
	volatile int words;		/* read */
	volatile uint64_t sum;
	volatile int stopped;		/* because the grant was revoked */
	volatile uint64_t diverted;
	volatile int caught;		/* by the crash reporter, if there is one */
	const char *volatile crash_pc;
	const char *volatile crash_address;
	const char *volatile end_of_memory;
} *request;

typedef enum loaded load_fn(const uint64_t *a, const struct grant *b, uint64_t *value);

/* What a server has that tells its authors of crashes.  No part of the mechanism. */
static void report_crash(int signal, siginfo_t *info, void *context)
{
	request->caught = signal;
	request->crash_pc = (const char *)frame_pc(context);
	request->crash_address = info->si_addr;
	_exit(3);
}

static void server(load_fn *load, bool reporter)
{
	struct sigaction action = { .sa_sigaction = report_crash, .sa_flags = SA_SIGINFO };
	const struct grant *b = &request->grant;
	const char *a;
	uint64_t word;
	int i;

	/* Nothing behind the client's memory, for the mistake to meet. */
	a = mmap(NULL, 2 * PAGES * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (a == MAP_FAILED || mmap((void *)a, PAGES * page, PROT_READ, MAP_SHARED | MAP_FIXED,
				    b->memory, 0) != a)
		_exit(2);
	request->end_of_memory = a + PAGES * page;
	if (reporter) {
		sigaction(SIGSEGV, &action, NULL);
		sigaction(SIGBUS, &action, NULL);
	}
	step_me();
	for (i = 0; i < request->pages; i++) {
		/* This would be all that a program can do without a sequence. */
		if (b->state == REVOKED ||
		    load((const uint64_t *)(a + i * page), b, &word) == REVOKED_MEANWHILE) {
			request->stopped = 1;
			break;
		}
		request->sum += word;
		request->words++;
	}
	request->diverted = diversions(ESTP_FAULT);
	_exit(0);
}

enum how { REGISTERED = 0, TWIN = 1, BLIND = 2, REPORTER = 4 };

/* A request of @pages; before load TAKEN_AT the client takes its memory away: @state. */
static int serve(int pages, enum state state, int how)
{
	const char *at = how & BLIND ? blind_load : guarded_load;
	int memory = memfd_create("client", MFD_CLOEXEC), status = -1, i;
	pid_t pid;

	memset(request, 0, sizeof(*request));
	request->pages = pages;
	request->grant.memory = memory;
	if (memory < 0 || ftruncate(memory, PAGES * page))
		return -1;
	for (i = 0; i < PAGES; i++) {
		uint64_t word = i + 1;

		if (pwrite(memory, &word, sizeof(word), (off_t)(i * page)) != sizeof(word))
			return -1;
	}
	fflush(stdout);
	pid = fork();
	if (!pid) {
		alarm(PATIENCE_S);
		if (how & TWIN)
			become_twin();
		server(how & BLIND ? load_blindly : load_if_permitted, how & REPORTER);
	}
	if (!step_to(pid, at, TAKEN_AT)) {
		kill(pid, SIGKILL);
		state = PERMITS;
	}
	if (state != PERMITS) {
		request->grant.state = state;
		if (ftruncate(memory, 0))
			kill(pid, SIGKILL);
	}
	let_go(pid);
	waitpid(pid, &status, 0);
	close(memory);
	return status;
}

static bool ended_well(int status)
{
	return WIFEXITED(status) && !WEXITSTATUS(status);
}

static bool killed_by(int status, int signal)
{
	return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}

int main(void)
{
	const uint64_t before = (TAKEN_AT - 1) * TAKEN_AT / 2, all = PAGES * (PAGES + 1) / 2;
	int status;

	if (estp_object_error() == -ENOSYS)
		tap_skip("this kernel has no ESTP");
	page = (size_t)sysconf(_SC_PAGESIZE);
	ok(!estp_object_error(), "registration: %s", estp_strerror(estp_object_error()));
	request = mmap(NULL, sizeof(*request), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);
	if (request == MAP_FAILED)
		return 1;

	status = serve(PAGES, PERMITS, REGISTERED);
	ok(ended_well(status) && request->words == PAGES && request->sum == all &&
	   !request->diverted, "permitted: all is read, nothing is diverted");

	status = serve(PAGES, REVOKED, REGISTERED);
	ok(ended_well(status) && request->stopped && request->words == TAKEN_AT - 1 &&
	   request->sum == before && request->diverted == 1,
	   "revoked between check and load: the server jumps out, with what it had by then");
	status = serve(PAGES, REVOKED, TWIN);
	ok(killed_by(status, SIGBUS) && request->words == TAKEN_AT - 1,
	   "twin: under the same schedule the server is killed by SIGBUS");

	status = serve(PAGES, LAPSED, REGISTERED);
	ok(ended_well(status) && !request->stopped && request->words == PAGES &&
	   request->sum == before && request->diverted == PAGES - TAKEN_AT + 1,
	   "lapsed: the server resumes after each load, with 0 for what is gone");
	status = serve(PAGES, LAPSED, TWIN);
	ok(killed_by(status, SIGBUS), "twin: it is killed by SIGBUS");

	status = serve(PAGES + 1, PERMITS, REGISTERED);
	ok(killed_by(status, SIGSEGV) && request->words == PAGES && request->sum == all,
	   "a mistake of the server's, while the grant permits: it commits to the fault, SIGSEGV");
	status = serve(PAGES + 1, PERMITS, REPORTER);
	ok(WIFEXITED(status) && WEXITSTATUS(status) == 3 && request->caught == SIGSEGV &&
	   request->crash_pc == committed_load && request->crash_address == request->end_of_memory,
	   "its crash reporter sees the copy's pc, and the address");
	status = serve(PAGES + 1, PERMITS, BLIND);
	ok(ended_well(status) && request->words == PAGES + 1 && request->diverted == 1,
	   "twin, asking nobody: the mistake goes unnoticed, a word is made up");
	return tap_end();
}
