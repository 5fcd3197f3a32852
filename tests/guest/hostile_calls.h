/* SPDX-License-Identifier: MIT */
/*
 * The calls that hostile processes make, of 34 kinds, each with a page of the arena: 0, or what
 * was wrong. Which they are, and how often each, is in ops[]. Here are those of ours.
 */
#ifndef HOSTILE_CALLS_H
#define HOSTILE_CALLS_H

#include <fcntl.h>
#include <sys/ioctl.h>

#include "hostile_memory.h"
#include "hostile_tasks.h"

/* In a jump into the arena: a fault comes back, wherever it happens. */
static __thread volatile bool jumping;
/* Registered last, by whichever thread. */
static u8 *volatile recent;

/* As they happen to be; or one made so that it may well be accepted. */
static long do_register(u8 *p)
{
	long err;

	if (below(2))
		return madv_register(p, some_len());
	if (mmap(p, page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	fill(p);
	header((u64 *)p);
	err = madv_register(p, page);
	if (!err) {
		recent = p;
		count_rare();
	}
	return err;
}

static long do_register_oddly(u8 *p)
{
	return madv_register((void *)some_address(), below(2) ? rnd() : some_len());
}

static long do_table(u8 *p)
{
	size_t len;
	struct estp_table *t = table(&len);
	long err = t ? madv_register(t, sizeof(*t)) : -ENOMEM;

	if (!err)
		count_rare();
	if (t)
		munmap(t, len);
	return err;
}

static long do_unregister(u8 *p)
{
	return madv_unregister(p, below(10) ? some_len() : rnd());
}

static long do_fence(u8 *p)
{
	return below(2) ? madv_fence() : madv_fence_cpu(below(10));
}

static long do_query(u8 *p)
{
	return madv_query(below(2) ? below(8) : (u32)rnd());
}

static long do_device(u8 *p)
{
	union {
		struct estp_stats stats;
		struct estp_list list;
		u64 word[8];
	} arg;
	unsigned long request = below(2) ? ESTP_IOC_STATS : ESTP_IOC_LIST;
	int fd, err, mem = -1;
	u32 i;

	for (i = 0; i < 8; i++)
		arg.word[i] = below(3) ? 0 : some_address();
	if (below(3)) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%d/mem", some_hostile());
		mem = open(path, O_RDONLY | O_CLOEXEC);
	}
	arg.stats.mem_fd = below(8) ? mem : (int)rnd();
	arg.stats.flags = below(8) ? 0 : (u32)rnd();
	fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);
	if (!below(10))
		request ^= 1u << below(32);
	err = ioctl(fd, request, below(10) ? &arg : (void *)some_address()) ? -errno : 0;
	close(fd);
	if (mem >= 0)
		close(mem);
	return err;
}

static long do_jump(u8 *p)
{
	u32 off = some_entry(below(4) ? 300 : ANSWERS);
	u8 *to = (below(4) && recent ? recent : p) + (below(2) ? off : (off | (SPIN_DISTANCE - 1)) + 1);
	long got;

	jumping = true;
	got = call_no_zeros(to);
	jumping = false;
	return got == ANSWER_VALUE ? 0 : -EINVAL;
}

/* How often, of 60: what ends or hangs its process is rare. */
static const struct op {
	const char *name;
	long (*call)(u8 *p);
	u32 weight;
} ops[] = {
	{ "register", do_register, 60 },
	{ "register, oddly", do_register_oddly, 30 },
	{ "table", do_table, 60 },
	{ "unregister", do_unregister, 60 },
	{ "fence", do_fence, 60 },
	{ "query", do_query, 30 },
	{ "device", do_device, 60 },
	{ "scribble", do_scribble, 60 },
	{ "header", do_header, 60 },
	{ "map", do_map, 60 },
	{ "unmap", do_unmap, 8 },
	{ "move", do_move, 60 },
	{ "protect", do_protect, 60 },
	{ "advise", do_advise, 60 },
	{ "process_madvise", do_process_advise, 15 },
	{ "truncate", do_truncate, 30 },
	{ "withhold", do_withhold, 6 },
	{ "write into another", do_write_other, 30 },
	{ "fork", do_fork, 15 },
	{ "exec", do_exec, 4 },
	{ "exec with privilege", do_exec_privileged, 4 },
	{ "thread", do_thread, 30 },
	{ "share memory", do_share, 15 },
	{ "signal", do_signal, 60 },
	{ "queue a signal", do_queue, 30 },
	{ "timer", do_timer, 15 },
	{ "seccomp", do_seccomp, 2 },
	{ "stack", do_stack, 15 },
	{ "trace", do_trace, 15 },
	{ "place", do_place, 15 },
	{ "membarrier", do_membarrier, 30 },
	{ "rseq", do_rseq, 4 },
	{ "dumpable", do_dumpable, 15 },
	{ "jump", do_jump, 60 },
};
#define OP_NR	((u32)ARRAY_LEN(ops))
_Static_assert(ARRAY_LEN(ops) <= OPS_MAX, "counts");

#endif
