// SPDX-License-Identifier: MIT
/*
 * ACC-3, FLT-5: a page that goes while estp_copy() is at work on it, before any of its instructions: it says how
 * many bytes have been copied, never more than it was asked for, and writes nothing behind these.
 *
 * Method: a traced child copies the last bytes of a page, or to them; behind that page is another. The tracer steps to the
 * n-th instruction, cuts off the file that is mapped there, and lets it go; for each n until it
 * returns before. In the twin the copy is not registered, and dies of it.
 */
#include "access.h"

#include <sys/ptrace.h>

#define GUARD	64	/* bytes behind the last that are to stay as they are */

const unsigned int test_seconds = 200;

struct job {
	size_t len;
	bool target;		/* it is this one's page that goes */
};

static struct {
	volatile u32 returned, wrong;
	volatile u64 diverted;
} *seen;

static int fd;
static u8 *source, *target;	/* two pages each */

static u8 pattern(size_t i)
{
	return i % 251 + 1;
}

/* Two pages, the first of which is the file's. */
static u8 *cut_pages(void)
{
	u8 *pages = good_pages(2);

	must(mmap(pages, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd, 0) == pages);
	return pages;
}

static void copier(const struct job *job)
{
	u8 *from = source + PAGE - job->len, *to = target + PAGE - job->len;
	size_t got, i;

	must(!ptrace(PTRACE_TRACEME, 0, NULL, NULL));
	for (;;) {
		must(!ftruncate(fd, PAGE));
		for (i = 0; i < job->len + GUARD; i++) {
			from[i] = pattern(i);
			to[i] = 0xee;
		}
		seen->returned = 0;
		syscall(SYS_tgkill, getpid(), gettid_(), SIGSTOP);
		got = estp_copy(to, from, job->len);
		seen->returned = 1;
		seen->diverted = diverted(ESTP_FAULT);
		if (got > job->len)
			seen->wrong++;
		for (i = job->len; i < job->len + GUARD; i++)
			seen->wrong += to[i] != 0xee;
		for (i = 0; !job->target && i < got && i < job->len; i++)
			seen->wrong += to[i] != pattern(i);
	}
}

/* The next stop's signal. */
static int stopped(pid_t pid)
{
	int status;

	must(waitpid(pid, &status, __WALL) == pid && WIFSTOPPED(status));
	return WSTOPSIG(status);
}

static void step(pid_t pid)
{
	must(!ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL));
	must(stopped(pid) == SIGTRAP);
}

/* How many instructions there were to begin with, or the signal that it died of, negative. */
static int cut_everywhere(const struct job *job)
{
	int signal, n;
	pid_t pid;
	u32 i;

	memset(seen, 0, sizeof(*seen));
	fd = memfd_create("cut", MFD_CLOEXEC);
	must(fd >= 0 && !ftruncate(fd, PAGE));
	source = job->target ? good_pages(2) : cut_pages();
	target = job->target ? cut_pages() : good_pages(2);
	pid = fork();
	must(pid >= 0);
	if (!pid)
		copier(job);
	signal = stopped(pid);
	for (n = 0; signal == SIGSTOP && !seen->returned; n++) {
		while (tracee_pc(pid) != (u64)estp_copy)
			step(pid);
		for (i = 0; i < (u32)n && !seen->returned; i++)
			step(pid);
		must(!ftruncate(fd, 0));
		/* It begins anew after this; then it has not been cut. */
		if (seen->returned)
			break;
		must(!ptrace(PTRACE_CONT, pid, NULL, NULL));
		signal = stopped(pid);
		seen->returned = 0;
	}
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, __WALL) == pid);
	free_pages(source, 2);
	free_pages(target, 2);
	close(fd);
	return signal == SIGSTOP ? n : -signal;
}

void test(void)
{
	static const size_t lens[] = { 1, 7, 15, 16, 17, 48, 63, 64, 65, 128, 144, 336 };
	struct job job = { .len = 64 };
	unsigned int i;
	int n;

	need_estp_and_counters();
	is(estp_object_error(), 0, "the sequences are registered");
	seen = shared(sizeof(*seen));
	/* Tracer and tracee take turns: that is quickest on one CPU. */
	pin(0);
	for (i = 0; i < 2 * ARRAY_LEN(lens); i++) {
		job = (struct job) { .len = lens[i / 2], .target = i % 2 };
		n = cut_everywhere(&job);
		ok(n > 5 && seen->diverted && !seen->wrong, "%zu bytes, the %s goes before each of %d instructions: "
		   "%llu diversions, %u bytes wrong", job.len, job.target ? "target" : "source", n,
		   (unsigned long long)seen->diverted, seen->wrong);
	}
	must(!madv_unregister((void *)((u64)estp_copy & -PAGE), PAGE));
	is(cut_everywhere(&job), -SIGBUS, "twin: unregistered it dies of it");
}
