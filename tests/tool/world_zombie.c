// SPDX-License-Identifier: MIT
/*
 * A thread that has ended stays a process's first one, in /proc as here, until its parent
 * notices: who is looked for in /proc then may know the process already, by it alone.
 *
 * tool/world.c with a /proc and records of our own, and the address sanitizer: what is
 * dropped while it is still in use is found by it.
 */
#include <stdlib.h>
#include <string.h>

#include "../../tool/object.h"
#include "../../tool/process.h"
#include "../../tool/sideband.h"
#include "../../tool/world.h"
#include "../unit/tap.h"

#define SECOND	1000000000ull
#define PROC_MAX	4

/* What stands in /proc: the threads, each with its process. */
static struct {
	int tid, pid;
} proc[PROC_MAX];

static struct record pending[4];
static int pending_nr, scans;

static void set_proc(int tid, int pid)
{
	int i;

	for (i = 0; proc[i].tid && proc[i].tid != tid; i++)
		;
	proc[i].tid = tid;
	proc[i].pid = pid;
}

void *tool_alloc(size_t bytes)
{
	return calloc(1, bytes);
}

void *tool_more(void *array, u32 nr, size_t one)
{
	return realloc(array, (nr + 1) * one);
}

bool process_each(each_pid *each, void *data)
{
	int i;

	for (i = 0; i < PROC_MAX; i++)
		if (proc[i].tid && proc[i].tid == proc[i].pid)
			each(proc[i].pid, data);
	return true;
}

void thread_each(int pid, each_pid *each, void *data)
{
	int i;

	scans++;
	for (i = 0; i < PROC_MAX; i++)
		if (proc[i].tid && proc[i].pid == pid)
			each(proc[i].tid, data);
}

bool mapping_each(int pid, each_mapping *each, void *data)
{
	struct mapping mapping = { .start = 0x1000, .end = 0x2000, .path = "/file" };

	(void)pid;
	each(&mapping, data);
	return true;
}

int process_of_thread(int tid)
{
	int i;

	for (i = 0; i < PROC_MAX; i++)
		if (proc[i].tid == tid)
			return proc[i].pid;
	return 0;
}

int process_parent(int pid)
{
	(void)pid;
	return 1;
}

bool thread_name(int tid, char *text, size_t len)
{
	snprintf(text, len, "thread %d", tid);
	return true;
}

void symbols_name(const char *path, const struct build_id *id, u64 offset, int pid,
		  u64 start, u64 end, struct name *name)
{
	(void)id, (void)offset, (void)pid, (void)start, (void)end;
	name->object = path;
}

struct sideband *sideband_open(char *why, size_t why_len)
{
	(void)why, (void)why_len;
	return (struct sideband *)pending;
}

void sideband_close(struct sideband *sideband)
{
	(void)sideband;
}

void sideband_read(struct sideband *sideband, void (*each)(struct record *record, void *data),
		   void *data)
{
	(void)sideband;
	while (pending_nr)
		each(&pending[--pending_nr], data);
}

u64 sideband_lost(struct sideband *sideband)
{
	(void)sideband;
	return 0;
}

static void end_of(struct world *world, int tid, int pid, u64 time)
{
	pending[pending_nr++] = (struct record) {
		.kind = RECORD_EXIT, .time = time, .pid = pid, .tid = tid,
	};
	world_read(world);
	world_advance(world, time);
}

int main(void)
{
	struct world *world;
	struct name name;
	bool records;
	char why[64];

	set_proc(100, 100);
	world = world_open(&records, why, sizeof(why));
	world_follow(world, 100);
	end_of(world, 100, 100, SECOND);

	/* Begun by the first thread before it ended, but the record was lost. */
	set_proc(101, 100);
	scans = 0;
	expect(world_process(world, 101) == 100, "found in /proc");
	expect(scans == 1, "%d looks there", scans);
	expect(world_follows(world, 101), "what was known of the process");
	expect(!strcmp(world_comm(world, 101), "thread 101"), "%s", world_comm(world, 101));
	world_name(world, 100, 0x1800, &name);
	expect(!strcmp(name.object, "/file"), "%s", name.object);
	claim("a thread is found in a process of which only an ended one is known");

	/* The first is forgotten, although it stands in /proc still; the second keeps the process. */
	world_advance(world, 7 * SECOND);
	expect(world_follows(world, 101), "the process");
	claim("the process stays as long as that thread");

	end_of(world, 101, 100, 8 * SECOND);
	world_advance(world, 14 * SECOND);
	memset(proc, 0, sizeof(proc));
	expect(!world_follows(world, 101) && !world_follows(world, 100), "the process");
	set_proc(100, 100);
	expect(world_process(world, 100) == 100, "the number's next owner");
	expect(!world_follows(world, 100), "is somebody else");
	claim("and is forgotten with it");
	world_close(world);
	return tap_done();
}
