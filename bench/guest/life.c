// SPDX-License-Identifier: MIT
/* Tasks that come and go, and the requests. */
#define _GNU_SOURCE
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

static void exec_self(void)
{
	char *const argv[] = { "events", "--exit", NULL }, *const env[] = { NULL };

	execve("/proc/self/exe", argv, env);
	_exit(1);
}

static void child_life(const char *row, void (*life)(void))
{
	int i, status;

	for (i = -6; i < (int)FORKS; i++) {
		uint64_t t = now();
		pid_t child = fork();

		if (child < 0)
			die("fork");
		if (!child) {
			if (life)
				life();
			_exit(0);
		}
		waitpid(child, &status, 0);
		t = now() - t;
		if (status)
			die("child");
		if (i >= 0)
			sample[i] = t;
	}
	cell(row, FORKS);
}

void forks(void)
{
	real_time(1);
	child_life("fork, exit, wait", NULL);
	child_life("fork, exec, exit, wait", exec_self);
	real_time(0);
}

static void *nothing(void *unused)
{
	return unused;
}

void threads(void)
{
	int i;

	for (i = -WARM_UP; i < (int)ROUNDS; i++) {
		uint64_t t = now();
		pthread_t thread;

		if (pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL))
			die("pthread");
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	cell("thread: create, join", ROUNDS);
}

/* ---- Requests ----------------------------------------------------------------------- */

static unsigned char *page;
static struct estp_table *table;
static struct estp_entry *entry;

static int ask(void *at, size_t len, int advice)
{
	return syscall(SYS_madvise, at, len, advice);
}

static void normal(void)
{
	ask(page, PAGE, MADV_NORMAL);
}

static void query(void)
{
	ask(NULL, 0, MADV_ESTP_QUERY);
}

static void add_page(void)
{
	ask(page, PAGE, MADV_ESTP_REGISTER);
}

static void add_table(void)
{
	ask(table, PAGE, MADV_ESTP_REGISTER);
}

static void take_out(void)
{
	ask(page, PAGE, MADV_ESTP_UNREGISTER);
}

static void fence(void)
{
	ask(NULL, 0, MADV_ESTP_FENCE);
}

static void request(const char *row, void (*before)(void), void (*what)(void))
{
	int i;

	for (i = -6; i < (int)FORKS; i++) {
		uint64_t t;

		if (before)
			before();
		t = now();
		what();
		t = now() - t;
		if (i >= 0)
			sample[i] = t;
	}
	cell(row, FORKS);
}

void requests(bool registered)
{
	page = make_pages(NULL, 2);
	table = (void *)(page + PAGE);
	memset(table, 0, PAGE);
	entry = (void *)(table + 1);
	*table = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, 1),
		.base = (uintptr_t)page,
		.entries = (uintptr_t)entry,
		.entry_size = sizeof(*entry),
	};
	*entry = (struct estp_entry) {
		.start = 64, .length = 8, .response = 128,
		.selector = ESTP_FAULT, .causes = ESTP_CAUSE_PAGE,
	};
	request("madvise, MADV_NORMAL", NULL, normal);
	request("madvise, QUERY", NULL, query);
	if (registered) {
		request("REGISTER, a new page", take_out, add_page);
		request("REGISTER, the same page again", NULL, add_page);
		request("UNREGISTER, a page", add_page, take_out);
		take_out();
		request("REGISTER, a table of one entry", take_out, add_table);
		request("UNREGISTER, one entry", add_table, take_out);
		request("FENCE, no other thread", NULL, fence);
	}
	munmap(page, 2 * PAGE);
}
