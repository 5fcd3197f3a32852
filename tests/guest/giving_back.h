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

#include "probe.h"

#define GIVING_THREADS	16		/* at most: four for each CPU, eight at least */
#define GIVING_PAGES	(1ul << 16)	/* to be looked through, where there are page tables for them */

enum giving { GIVING_ADVICE, GIVING_HOLES };

struct giving_back {
	enum giving how;
	volatile bool stop;
	volatile u32 nr;		/* ranges that were given back */
	unsigned int threads;
	pthread_t thread[GIVING_THREADS];
};

static inline void *giving_thread(void *arg)
{
	struct giving_back *g = arg;
	bool holes = g->how == GIVING_HOLES;
	struct sched_param param = { 0 };
	size_t len = GIVING_PAGES * page_size(), i;
	int fd = -1;
	u8 *p;

	if (holes) {
		fd = memfd_create("holes", MFD_CLOEXEC);
		must(fd >= 0 && !ftruncate(fd, len));
	}
	p = mmap(NULL, len, PROT_READ | PROT_WRITE,
		 MAP_NORESERVE | (holes ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS), fd, 0);
	/* RT kernels have no huge pages. */
	must(p != MAP_FAILED && (!madvise(p, len, MADV_NOHUGEPAGE) || errno == EINVAL));
	sched_setscheduler(0, SCHED_IDLE, &param);
	/* A page of each table, whose entries are 8 bytes. */
	for (i = 0; i < len; i += page_size() / 8 * page_size())
		p[i] = 1;
	while (!g->stop) {
		if (holes)
			must(!fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, len));
		else
			must(!madvise(p, len, MADV_DONTNEED));
		__atomic_add_fetch(&g->nr, 1, __ATOMIC_RELAXED);
	}
	must(!munmap(p, len));
	if (holes)
		close(fd);
	return NULL;
}

static inline void giving_begin(struct giving_back *g, enum giving how)
{
	unsigned int i;

	*g = (struct giving_back) { .how = how, .threads = 4 * cpus_nr() };
	if (g->threads < GIVING_THREADS / 2)
		g->threads = GIVING_THREADS / 2;
	if (g->threads > GIVING_THREADS)
		g->threads = GIVING_THREADS;
	for (i = 0; i < g->threads; i++)
		must(!pthread_create(&g->thread[i], NULL, giving_thread, g));
	must(wait_until(g->nr > g->threads, 20000));
}

static inline void giving_end(struct giving_back *g)
{
	unsigned int i;

	g->stop = true;
	for (i = 0; i < g->threads; i++)
		must(!pthread_join(g->thread[i], NULL));
}

#endif
