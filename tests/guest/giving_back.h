/* SPDX-License-Identifier: MIT */
/*
 * Threads that give memory back all the time, so that the kernel is never done with it in their address
 * space: of least priority, many for each CPU, so that there is mostly one in the middle of it.
 *
 *   ADVICE   its own, by MADV_DONTNEED, which holds mmap_lock for reading
 *   HOLES    that of a file which is mapped, by fallocate(2), which holds no lock of the address space
 */
#ifndef GIVING_BACK_H
#define GIVING_BACK_H

#include <fcntl.h>
#include <sys/mman.h>

#include "harness.h"

#define GIVING_THREADS	8
#define GIVING_LEN	(1ul << 30)
#define GIVING_TABLE_LEN (2ul << 20)	/* of a page table, at least: each has to be looked through */

enum giving { GIVING_ADVICE, GIVING_HOLES };

struct giving_back {
	enum giving how;
	volatile bool stop;
	volatile u32 nr;		/* ranges that were given back */
	pthread_t thread[GIVING_THREADS];
};

static inline void *giving_thread(void *arg)
{
	struct giving_back *g = arg;
	bool holes = g->how == GIVING_HOLES;
	struct sched_param param = { 0 };
	int fd = -1;
	size_t i;
	u8 *p;

	if (holes) {
		fd = memfd_create("holes", MFD_CLOEXEC);
		must(fd >= 0 && !ftruncate(fd, GIVING_LEN));
	}
	p = mmap(NULL, GIVING_LEN, PROT_READ | PROT_WRITE,
		 MAP_NORESERVE | (holes ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS), fd, 0);
	/* RT kernels have no huge pages. */
	must(p != MAP_FAILED && (!madvise(p, GIVING_LEN, MADV_NOHUGEPAGE) || errno == EINVAL));
	sched_setscheduler(0, SCHED_IDLE, &param);
	for (i = 0; i < GIVING_LEN; i += GIVING_TABLE_LEN)
		p[i] = 1;
	while (!g->stop) {
		if (holes)
			must(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, GIVING_LEN));
		else
			must(!madvise(p, GIVING_LEN, MADV_DONTNEED));
		__atomic_add_fetch(&g->nr, 1, __ATOMIC_RELAXED);
	}
	must(!munmap(p, GIVING_LEN));
	if (holes)
		close(fd);
	return NULL;
}

static inline void giving_begin(struct giving_back *g, enum giving how)
{
	unsigned int i;

	*g = (struct giving_back) { .how = how };
	for (i = 0; i < GIVING_THREADS; i++)
		must(!pthread_create(&g->thread[i], NULL, giving_thread, g));
	must(wait_until(g->nr > GIVING_THREADS, 20000));
}

static inline void giving_end(struct giving_back *g)
{
	unsigned int i;

	g->stop = true;
	for (i = 0; i < GIVING_THREADS; i++)
		must(!pthread_join(g->thread[i], NULL));
}

#endif
