// SPDX-License-Identifier: MIT
/* Samples, cells, registration. */
#define _GNU_SOURCE
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/rseq.h>

#include "measure.h"

const char *column;
uint64_t sample[ROUNDS];

void die(const char *what)
{
	perror(what);
	exit(1);
}

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

void cell(const char *row, unsigned int nr)
{
	qsort(sample, nr, sizeof(*sample), by_value);
	printf("%s\t%s\t%lu\t%lu\t%lu\t%u\n", row, column, (unsigned long)sample[nr / 2],
	       (unsigned long)sample[nr / 10], (unsigned long)sample[nr * 9 / 10], nr);
	fflush(stdout);
}

unsigned char *make_pages(void *at, unsigned long nr)
{
	unsigned char *page = mmap(at, nr * PAGE, PROT_READ | PROT_WRITE | PROT_EXEC,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned long i;

	if (page == MAP_FAILED || (at && page != at))
		die("mmap");
	for (i = 0; i < nr; i++) {
		uint64_t *word = (uint64_t *)(page + i * PAGE);

		word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 1);
		word[1] = ESTP_DESCRIPTOR(ESTP_FAULT, 64, 72, 128);
	}
	return page;
}

void register_pages(void *page, unsigned long nr)
{
	if (madvise(page, nr * PAGE, MADV_ESTP_REGISTER))
		die("MADV_ESTP_REGISTER");
}

void real_time(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, (priority ? SCHED_FIFO : SCHED_OTHER) | SCHED_RESET_ON_FORK, &param))
		die("sched_setscheduler");
}

bool rseq_watch;

/* Left behind, or aborted: the kernel takes it away. */
static void announce(uintptr_t start, const unsigned char *end, const unsigned char *abort)
{
	static struct rseq_cs section;
	/* A number in some headers, a union in others. */
	volatile uint64_t *announced = (void *)((char *)__builtin_thread_pointer() + __rseq_offset +
						offsetof(struct rseq, rseq_cs));

	section.start_ip = start;
	section.post_commit_offset = (uintptr_t)end - start;
	section.abort_ip = (uintptr_t)abort;
	*announced = (uintptr_t)&section;
}

uint64_t watch_now(uint64_t *last)
{
	if (rseq_watch)
		announce((uintptr_t)watch, watch_end, watch_response);
	*last = now();
	return watch(last);
}

void rseq_fault(const void *p)
{
	announce((uintptr_t)fault, fault_response, fault_abort);
	fault(p);
}
