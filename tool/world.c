// SPDX-License-Identifier: MIT
#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "object.h"
#include "process.h"
#include "sideband.h"
#include "world.h"

/* How long who has ended is remembered, for events that are read late. */
#define REMEMBERED_NS	5000000000ull

struct mapped {
	u64 start, end, offset;
	const char *path;	/* one for each text */
	struct build_id id;
};

struct process {
	int pid;
	bool followed;
	bool known;		/* all that it has mapped is here, or gone for good */
	u32 threads;
	struct mapped *mapped;
	u32 mapped_nr;
};

struct thread {
	int tid, pid;
	u64 ended;		/* when; 0: it has not */
	char comm[16];
};

struct ended {
	int tid;
	u64 time;
};

struct world {
	struct sideband *sideband;
	void *threads, *processes, *texts;	/* trees of tsearch(3) */
	struct record *record;			/* that are not true yet */
	u32 record_nr;
	struct ended *ended;			/* in the order of their ends */
	u32 ended_nr;
};

static int by_first_int(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	return x < y ? -1 : x > y;
}

static void *in_tree(void *entry)
{
	if (!entry) {
		fputs("estp: out of memory\n", stderr);
		exit(2);
	}
	return *(void **)entry;
}

static int compare_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

static const char *keep_text(struct world *world, const char *text)
{
	char *copy;
	void *found;

	/* What perf calls memory of no file. */
	if (!strcmp(text, "//anon"))
		text = "";
	found = tfind(text, &world->texts, compare_text);
	if (found)
		return *(char **)found;
	copy = strdup(text);
	return copy ? in_tree(tsearch(copy, &world->texts, compare_text)) : in_tree(NULL);
}

/* ---- Threads and processes ------------------------------------------------------------ */

static struct process *find_process(struct world *world, int pid)
{
	void *found = tfind(&pid, &world->processes, by_first_int);

	return found ? *(void **)found : NULL;
}

static struct process *get_process(struct world *world, int pid)
{
	struct process *process = find_process(world, pid);

	if (process)
		return process;
	process = tool_alloc(sizeof(*process));
	process->pid = pid;
	return in_tree(tsearch(process, &world->processes, by_first_int));
}

static void drop_process(struct world *world, int pid)
{
	struct process *process = find_process(world, pid);

	if (!process)
		return;
	tdelete(process, &world->processes, by_first_int);
	free(process->mapped);
	free(process);
}

static struct thread *find_thread(struct world *world, int tid)
{
	void *found = tfind(&tid, &world->threads, by_first_int);

	return found ? *(void **)found : NULL;
}

static void drop_thread(struct world *world, struct thread *thread)
{
	struct process *process = find_process(world, thread->pid);

	if (process && !--process->threads)
		drop_process(world, thread->pid);
	tdelete(thread, &world->threads, by_first_int);
	free(thread);
}

/* A number that is used again is somebody else's. */
static struct thread *new_thread(struct world *world, int tid, int pid)
{
	struct thread *thread = find_thread(world, tid);

	if (thread && thread->pid == pid && !thread->ended)
		return thread;
	if (thread)
		drop_thread(world, thread);
	thread = tool_alloc(sizeof(*thread));
	thread->tid = tid;
	thread->pid = pid;
	get_process(world, pid)->threads++;
	return in_tree(tsearch(thread, &world->threads, by_first_int));
}

/* ---- Mappings ------------------------------------------------------------------------- */

static void add_mapped(struct process *process, const struct mapped *mapped)
{
	u32 i, kept = 0;

	for (i = 0; i < process->mapped_nr; i++) {
		const struct mapped *m = &process->mapped[i];

		/* The same, of which /proc does not tell the build id. */
		if (m->start == mapped->start && m->end == mapped->end &&
		    m->path == mapped->path && !mapped->id.len)
			return;
	}
	for (i = 0; i < process->mapped_nr; i++) {
		const struct mapped *m = &process->mapped[i];

		if (m->end <= mapped->start || m->start >= mapped->end)
			process->mapped[kept++] = *m;
	}
	process->mapped_nr = kept;
	process->mapped = realloc(process->mapped, (kept + 1) * sizeof(*mapped));
	if (!process->mapped)
		in_tree(NULL);
	process->mapped[process->mapped_nr++] = *mapped;
}

struct scan {
	struct world *world;
	struct process *process;
};

static void scan_mapping(const struct mapping *mapping, void *data)
{
	struct scan *scan = data;
	struct mapped mapped = {
		.start = mapping->start, .end = mapping->end, .offset = mapping->offset,
		.path = keep_text(scan->world, mapping->path),
	};

	add_mapped(scan->process, &mapped);
}

static void scan_thread(int tid, void *data)
{
	struct scan *scan = data;
	struct thread *thread = find_thread(scan->world, tid);

	/*
	 * It has ended, and its parent has not noticed. Anew it would stay for ever, and dropping
	 * it may take the process with it that is being looked at.
	 */
	if (thread && thread->pid == scan->process->pid && thread->ended)
		return;
	thread = new_thread(scan->world, tid, scan->process->pid);
	if (!thread->comm[0])
		thread_name(tid, thread->comm, sizeof(thread->comm));
}

/* Into the world from /proc, if it is still there. */
static void scan_process(int pid, void *data)
{
	struct scan scan = { .world = data, .process = get_process(data, pid) };
	const struct process *parent;

	parent = find_process(data, process_parent(pid));
	scan.process->followed |= parent && parent->followed;
	thread_each(pid, scan_thread, &scan);
	mapping_each(pid, scan_mapping, &scan);
	scan.process->known = true;
	/* Gone already: nobody would ever drop it. */
	if (!scan.process->threads)
		drop_process(data, pid);
}

/* ---- Records --------------------------------------------------------------------------- */

static void set_comm(struct thread *thread, const char *text)
{
	if (text)
		snprintf(thread->comm, sizeof(thread->comm), "%s", text);
}

static void forked(struct world *world, const struct record *record)
{
	const struct thread *parent = find_thread(world, record->parent_tid);
	struct thread *thread = find_thread(world, record->tid);
	struct process *process, *from;

	/* Seen in /proc after it was begun, before this record is looked at. */
	if (thread && thread->pid == record->pid && !thread->ended)
		return;
	thread = new_thread(world, record->tid, record->pid);
	if (parent)
		set_comm(thread, parent->comm);
	if (record->pid == record->parent)
		return;
	process = get_process(world, record->pid);
	from = find_process(world, record->parent);
	process->mapped_nr = 0;
	process->known = from && from->known;
	process->followed |= from && from->followed;
	if (process->known && from->mapped_nr) {
		size_t len = from->mapped_nr * sizeof(*from->mapped);

		process->mapped = realloc(process->mapped, len);
		if (!process->mapped)
			in_tree(NULL);
		memcpy(process->mapped, from->mapped, len);
		process->mapped_nr = from->mapped_nr;
	}
}

static void ended(struct world *world, const struct record *record)
{
	struct thread *thread = find_thread(world, record->tid);

	if (!thread || thread->ended)
		return;
	thread->ended = record->time;
	world->ended = tool_more(world->ended, world->ended_nr, sizeof(*world->ended));
	world->ended[world->ended_nr++] = (struct ended) { record->tid, record->time };
}

static void apply(struct world *world, const struct record *record)
{
	struct mapped mapped;
	struct process *process;

	switch (record->kind) {
	case RECORD_MAP:
		new_thread(world, record->tid, record->pid);
		mapped = (struct mapped) {
			.start = record->start, .end = record->end, .offset = record->offset,
			.path = keep_text(world, record->text ? record->text : ""),
			.id = record->id,
		};
		add_mapped(get_process(world, record->pid), &mapped);
		break;
	case RECORD_EXEC:
		set_comm(new_thread(world, record->tid, record->pid), record->text);
		process = get_process(world, record->pid);
		process->mapped_nr = 0;
		process->known = true;
		break;
	case RECORD_NAME:
		set_comm(new_thread(world, record->tid, record->pid), record->text);
		break;
	case RECORD_FORK:
		forked(world, record);
		break;
	case RECORD_EXIT:
		ended(world, record);
		break;
	}
}

static void forget(struct world *world, u64 time)
{
	u32 i;

	for (i = 0; i < world->ended_nr && world->ended[i].time + REMEMBERED_NS < time; i++) {
		struct thread *thread = find_thread(world, world->ended[i].tid);

		if (thread && thread->ended == world->ended[i].time)
			drop_thread(world, thread);
	}
	/* Seldom, and then many at once: tool_more() knows arrays that grow by one only. */
	if (i && i == world->ended_nr) {
		free(world->ended);
		world->ended = NULL;
		world->ended_nr = 0;
	} else if (i > 1024 && i > world->ended_nr / 2) {
		struct ended *rest = NULL;
		u32 nr = 0;

		for (; i < world->ended_nr; i++) {
			rest = tool_more(rest, nr, sizeof(*rest));
			rest[nr++] = world->ended[i];
		}
		free(world->ended);
		world->ended = rest;
		world->ended_nr = nr;
	}
}

static void take_record(struct record *record, void *data)
{
	struct world *world = data;

	world->record = tool_more(world->record, world->record_nr, sizeof(*record));
	world->record[world->record_nr++] = *record;
}

static int by_time(const void *a, const void *b)
{
	const struct record *x = a, *y = b;

	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

void world_read(struct world *world)
{
	if (world->sideband)
		sideband_read(world->sideband, take_record, world);
}

void world_advance(struct world *world, u64 time)
{
	struct record *record = world->record;
	u32 nr = world->record_nr, i;

	if (!nr) {
		forget(world, time);
		return;
	}
	qsort(record, nr, sizeof(*record), by_time);
	world->record = NULL;
	world->record_nr = 0;
	for (i = 0; i < nr; i++) {
		if (record[i].time > time) {
			take_record(&record[i], world);
			continue;
		}
		apply(world, &record[i]);
		free(record[i].text);
	}
	free(record);
	forget(world, time);
}

static void doubt(const void *node, VISIT visit, int depth)
{
	(void)depth;
	if (visit == preorder || visit == leaf)
		(*(struct process *const *)node)->known = false;
}

u64 world_lost(struct world *world)
{
	u64 lost = world->sideband ? sideband_lost(world->sideband) : 0;

	/* What is known of anybody may be out of date: /proc is asked again. */
	if (lost)
		twalk(world->processes, doubt);
	return lost;
}

/* ---- Asking ---------------------------------------------------------------------------- */

struct world *world_open(bool *records, char *why, size_t why_len)
{
	struct world *world = tool_alloc(sizeof(*world));

	world->sideband = sideband_open(why, why_len);
	*records = world->sideband;
	process_each(scan_process, world);
	return world;
}

static void free_process(void *process)
{
	free(((struct process *)process)->mapped);
	free(process);
}

void world_close(struct world *world)
{
	u32 i;

	if (!world)
		return;
	sideband_close(world->sideband);
	tdestroy(world->threads, free);
	tdestroy(world->processes, free_process);
	tdestroy(world->texts, free);
	for (i = 0; i < world->record_nr; i++)
		free(world->record[i].text);
	free(world->record);
	free(world->ended);
	free(world);
}

int world_process(struct world *world, int tid)
{
	struct thread *thread = find_thread(world, tid);
	int pid;

	if (thread)
		return thread->pid;
	pid = process_of_thread(tid);
	if (pid)
		scan_process(pid, world);
	return pid;
}

void world_follow(struct world *world, int pid)
{
	get_process(world, pid)->followed = true;
}

bool world_follows(struct world *world, int tid)
{
	const struct process *process = find_process(world, world_process(world, tid));

	return process && process->followed;
}

const char *world_comm(struct world *world, int tid)
{
	struct thread *thread = find_thread(world, tid);

	if (thread && !thread->comm[0])
		thread_name(tid, thread->comm, sizeof(thread->comm));
	return thread && thread->comm[0] ? thread->comm : "?";
}

void world_name(struct world *world, int pid, u64 addr, struct name *name)
{
	struct process *process = find_process(world, pid);
	u32 i;

	*name = (struct name) { .object = "" };
	if (!process || !process->known)
		scan_process(pid, world);
	process = find_process(world, pid);
	for (i = 0; process && i < process->mapped_nr; i++) {
		const struct mapped *m = &process->mapped[i];

		if (addr - m->start >= m->end - m->start)
			continue;
		symbols_name(m->path, &m->id, addr - m->start + m->offset, pid, m->start, m->end,
			     name);
		if (!*name->object)
			name->object = "[anonymous]";
		return;
	}
}
