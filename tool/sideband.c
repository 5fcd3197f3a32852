// SPDX-License-Identifier: MIT
/*
 * One ring a CPU, written by the kernel, as perf_event_open(2) describes it: data_head is
 * how far it has written, data_tail how far we have read.  A record that wraps is copied.
 */
#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "object.h"
#include "sideband.h"

#define RING_LEN	(512u << 10)	/* a power of two, on any page size */

struct ring {
	int fd;
	struct perf_event_mmap_page *head;
	const u8 *data;
};

struct sideband {
	struct ring *ring;
	u32 ring_nr;
	u64 lost, order;
	u8 copy[65536];		/* a record's length has 16 bits */
};

/* What PERF_SAMPLE_TID | PERF_SAMPLE_TIME put at the end of each record. */
struct trailer {
	u32 pid, tid;
	u64 time;
};

static int event_open(int cpu)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_DUMMY,
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1, .mmap2 = 1, .build_id = 1,
		.comm = 1, .comm_exec = 1,
		.task = 1,
		.watermark = 1, .wakeup_watermark = RING_LEN,	/* nobody waits for it */
		.use_clockid = 1, .clockid = CLOCK_MONOTONIC,
	};

	return syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);
}

static bool add_ring(struct sideband *sideband, int cpu)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct ring ring = { .fd = event_open(cpu) };

	if (ring.fd < 0)
		return errno == ENODEV;		/* a CPU that is not there */
	ring.head = mmap(NULL, page + RING_LEN, PROT_READ | PROT_WRITE, MAP_SHARED, ring.fd, 0);
	if (ring.head == MAP_FAILED) {
		close(ring.fd);
		return false;
	}
	ring.data = (const u8 *)ring.head + page;
	sideband->ring = tool_more(sideband->ring, sideband->ring_nr, sizeof(ring));
	sideband->ring[sideband->ring_nr++] = ring;
	return true;
}

struct sideband *sideband_open(char *why, size_t why_len)
{
	struct sideband *sideband = tool_alloc(sizeof(*sideband));
	int cpu, nr = sysconf(_SC_NPROCESSORS_CONF);

	for (cpu = 0; cpu < nr; cpu++)
		if (!add_ring(sideband, cpu)) {
			snprintf(why, why_len, "perf_event_open: %s", strerror(errno));
			sideband_close(sideband);
			return NULL;
		}
	return sideband;
}

void sideband_close(struct sideband *sideband)
{
	size_t page = sysconf(_SC_PAGESIZE);
	u32 i;

	if (!sideband)
		return;
	for (i = 0; i < sideband->ring_nr; i++) {
		munmap(sideband->ring[i].head, page + RING_LEN);
		close(sideband->ring[i].fd);
	}
	free(sideband->ring);
	free(sideband);
}

/* ---- Records ------------------------------------------------------------------------ */

static void copy_out(const struct ring *ring, u64 at, u8 *to, size_t len)
{
	size_t off = at & (RING_LEN - 1), first = RING_LEN - off;

	if (first > len)
		first = len;
	memcpy(to, ring->data + off, first);
	memcpy(to + first, ring->data, len - first);
}

/* The text between @off and the trailer, which is ended by NULs. */
static char *text_at(const u8 *body, size_t off, size_t len)
{
	return off < len ? strndup((const char *)body + off, len - off) : NULL;
}

/* A record's body, without header and trailer: false if it is none of interest. */
static bool understand(const struct perf_event_header *header, const u8 *body, size_t len,
		       struct record *record)
{
	struct { u32 pid, tid; u64 addr, len, pgoff; u8 id_size, zero[3], id[20]; } map;
	struct { u32 pid, ppid, tid, ptid; u64 time; } task;
	struct { u32 pid, tid; } comm;

	switch (header->type) {
	case PERF_RECORD_MMAP2:
		if (len < sizeof(map) + 8)
			return false;
		memcpy(&map, body, sizeof(map));
		record->kind = RECORD_MAP;
		record->pid = map.pid;
		record->tid = map.tid;
		record->start = map.addr;
		record->end = map.addr + map.len;
		record->offset = map.pgoff;
		if (header->misc & PERF_RECORD_MISC_MMAP_BUILD_ID && map.id_size <= 20) {
			record->id.len = map.id_size;
			memcpy(record->id.byte, map.id, map.id_size);
		}
		/* After the id, or what stands in its place, come protection and flags. */
		record->text = text_at(body, 64, len);
		return true;
	case PERF_RECORD_COMM:
		if (len < sizeof(comm))
			return false;
		memcpy(&comm, body, sizeof(comm));
		record->kind = header->misc & PERF_RECORD_MISC_COMM_EXEC ? RECORD_EXEC : RECORD_NAME;
		record->pid = comm.pid;
		record->tid = comm.tid;
		record->text = text_at(body, sizeof(comm), len);
		return true;
	case PERF_RECORD_FORK:
	case PERF_RECORD_EXIT:
		if (len < sizeof(task))
			return false;
		memcpy(&task, body, sizeof(task));
		record->kind = header->type == PERF_RECORD_FORK ? RECORD_FORK : RECORD_EXIT;
		record->pid = task.pid;
		record->tid = task.tid;
		record->parent = task.ppid;
		record->parent_tid = task.ptid;
		return true;
	}
	return false;
}

static void read_ring(struct sideband *sideband, struct ring *ring,
		      void (*each)(struct record *record, void *data), void *data)
{
	u64 head = __atomic_load_n(&ring->head->data_head, __ATOMIC_ACQUIRE);
	u64 tail = ring->head->data_tail;

	while (head - tail >= sizeof(struct perf_event_header)) {
		struct perf_event_header header;
		struct record record = { 0 };
		struct trailer trailer;
		size_t body;

		copy_out(ring, tail, (u8 *)&header, sizeof(header));
		if (header.size < sizeof(header) + sizeof(trailer) || header.size > head - tail)
			break;		/* never: but a ring must not be believed for ever */
		copy_out(ring, tail, sideband->copy, header.size);
		tail += header.size;
		body = header.size - sizeof(header) - sizeof(trailer);
		memcpy(&trailer, sideband->copy + sizeof(header) + body, sizeof(trailer));
		record.time = trailer.time;
		record.order = sideband->order++;
		if (header.type == PERF_RECORD_LOST && body >= 16) {
			u64 lost;

			memcpy(&lost, sideband->copy + sizeof(header) + 8, sizeof(lost));
			sideband->lost += lost;
		} else if (understand(&header, sideband->copy + sizeof(header), body, &record)) {
			each(&record, data);
		}
	}
	__atomic_store_n(&ring->head->data_tail, tail, __ATOMIC_RELEASE);
}

void sideband_read(struct sideband *sideband, void (*each)(struct record *record, void *data),
		   void *data)
{
	u32 i;

	for (i = 0; i < sideband->ring_nr; i++)
		read_ring(sideband, &sideband->ring[i], each, data);
}

u64 sideband_lost(struct sideband *sideband)
{
	u64 lost = sideband->lost;

	sideband->lost = 0;
	return lost;
}
