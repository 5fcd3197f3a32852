// SPDX-License-Identifier: MIT
#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "ends.h"
#include "object.h"
#include "process.h"

/* A descriptor each. */
#define THREADS_MAX	128

struct ends {
	int pid;
	u64 addr;
	int *tid, *fd;
	u32 nr;
	bool failed;
	bool others;		/* a thread that is not looked after */
};

static int breakpoint(u64 addr, int tid)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_X,
		.bp_addr = addr,
		.bp_len = sizeof(long),
		.sample_period = 1,	/* or it could not take itself away */
		.disabled = 1,
		.exclude_kernel = 1, .exclude_hv = 1,
	};

	return syscall(SYS_perf_event_open, &attr, tid, -1, -1, PERF_FLAG_FD_CLOEXEC);
}

static void add_thread(int tid, void *data)
{
	struct ends *ends = data;
	int fd;

	if (ends->failed)
		return;
	fd = ends->nr < THREADS_MAX ? breakpoint(ends->addr, tid) : -1;
	if (fd < 0) {
		/* A thread that has just ended is none. */
		ends->failed = process_of_thread(tid) == ends->pid;
		return;
	}
	ends->tid = tool_more(ends->tid, ends->nr, sizeof(int));
	ends->fd = tool_more(ends->fd, ends->nr, sizeof(int));
	ends->tid[ends->nr] = tid;
	ends->fd[ends->nr++] = fd;
	if (ioctl(fd, PERF_EVENT_IOC_REFRESH, 1))
		ends->failed = true;
}

struct ends *ends_open(int pid, u64 addr)
{
	struct ends *ends = tool_alloc(sizeof(*ends));

	ends->pid = pid;
	ends->addr = addr;
	thread_each(pid, add_thread, ends);
	if (!ends->failed && ends->nr)
		return ends;
	ends_close(ends);
	return NULL;
}

void ends_close(struct ends *ends)
{
	u32 i;

	if (!ends)
		return;
	for (i = 0; i < ends->nr; i++)
		close(ends->fd[i]);
	free(ends->tid);
	free(ends->fd);
	free(ends);
}

static void look_for_others(int tid, void *data)
{
	struct ends *ends = data;
	u32 i;

	for (i = 0; i < ends->nr; i++)
		if (ends->tid[i] == tid)
			return;
	ends->others = true;
}

int ends_seen(struct ends *ends)
{
	u64 count;
	u32 i;

	for (i = 0; i < ends->nr; i++)
		if (read(ends->fd[i], &count, sizeof(count)) == sizeof(count) && count)
			return 1;
	ends->others = false;
	thread_each(ends->pid, look_for_others, ends);
	return ends->others ? -1 : 0;
}
