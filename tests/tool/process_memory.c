// SPDX-License-Identifier: MIT
/*
 * Who shares memory with whom, as estp ps asks it: also of processes whose first thread
 * has ended, which has no memory any more.
 *
 * Each child is told apart from its parent by nothing but its memory: a copy, or the same.
 */
#include <linux/kcmp.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tool/process.h"
#include "../unit/tap.h"

static char stack[4][65536] __attribute__((aligned(16)));

/* Bounded, should the test die first. */
static void *stay(void *unused)
{
	alarm(600);
	for (;;)
		pause();
	return unused;
}

/* A child whose first thread has ended, while a second one stays. */
static int two_threads(void *unused)
{
	pthread_t thread;

	(void)unused;
	if (pthread_create(&thread, NULL, stay, NULL))
		_exit(1);
	syscall(SYS_exit, 0);
	return 1;
}

static int one_thread(void *unused)
{
	stay(unused);
	return 0;
}

/* By clone(2) in memory that is shared, libc's threads cannot be begun: this one is bare. */
static int bare_threads(void *its_stack)
{
	if (clone(one_thread, its_stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
		  CLONE_THREAD, NULL) < 0)
		_exit(1);
	syscall(SYS_exit, 0);
	return 1;
}

static char *end_of(int i)
{
	return stack[i] + sizeof(stack[i]);
}

static bool is_zombie(int pid)
{
	char path[64], line[256] = "", *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	file = fopen(path, "r");
	if (!file)
		return false;
	at = fgets(line, sizeof(line), file) ? strrchr(line, ')') : NULL;
	fclose(file);
	return at && at[2] == 'Z';
}

/* The first thread's end, and a thread beside it. */
static void await_zombie(int pid)
{
	int i;

	for (i = 0; i < 10000 && !is_zombie(pid); i++)
		usleep(1000);
	expect(is_zombie(pid), "%d", pid);
	expect(waitpid(pid, NULL, WNOHANG) == 0, "%d has no thread any more", pid);
}

static bool same_memory(int a, int b)
{
	return thread_same_memory(thread_with_memory(a), thread_with_memory(b));
}

int main(void)
{
	int living, sharing, left[2], bare[2], all[6], i;

	living = fork();
	if (!living)
		stay(NULL);
	sharing = clone(one_thread, end_of(0), CLONE_VM | SIGCHLD, NULL);
	for (i = 0; i < 2; i++) {
		left[i] = fork();
		if (!left[i])
			two_threads(NULL);
	}
	/* Two of them in our memory. */
	bare[0] = clone(bare_threads, end_of(1), CLONE_VM | SIGCHLD, end_of(2));
	bare[1] = fork();
	if (!bare[1])
		bare_threads(end_of(2));
	memcpy(all, (int[]) { living, sharing, left[0], left[1], bare[0], bare[1] }, sizeof(all));
	for (i = 0; i < 6; i++)
		expect(all[i] > 0, "child %d", i);
	for (i = 2; i < 6; i++)
		await_zombie(all[i]);
	claim("children, four of which go on without their first thread");

	if (syscall(SYS_kcmp, getpid(), getpid(), KCMP_VM, 0, 0)) {
		skip("who shares memory", "no kcmp(2) here");
		goto out;
	}
	expect(same_memory(getpid(), sharing), "clone");
	expect(!same_memory(getpid(), living), "fork");
	claim("processes that have their first threads");
	expect(!same_memory(left[0], left[1]), "two that have not");
	expect(!same_memory(left[0], bare[1]), "whoever began the second thread");
	claim("two without are not taken for one");
	expect(same_memory(getpid(), bare[0]), "with its first thread, and one without");
	expect(same_memory(bare[0], sharing), "the other way round");
	expect(!same_memory(getpid(), left[0]), "a copy");
	expect(!thread_same_memory(left[0], left[1]), "the first threads themselves");
	claim("nor is who shares memory taken for a stranger, for want of one");
out:
	for (i = 0; i < 6; i++)
		if (all[i] > 0) {
			kill(all[i], SIGKILL);
			waitpid(all[i], NULL, __WALL);
		}
	return tap_done();
}
