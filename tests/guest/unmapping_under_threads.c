// SPDX-License-Identifier: MIT
/*
 * LIFE-11, LIFE-7: unmapping a page that other threads are running on is harmless to
 * the kernel; a thread there gets its SIGSEGV, as without registration, and none of the
 * page's sequences outlives it.
 *
 * Method: spinners in PREEMPTION and INTERRUPT sequences, and threads that fault, on a
 * page that is unmapped, or mapped over, under them, while they are preempted and
 * signalled without pause. Each must end by the signal, or by a response it was
 * diverted to just before. The twin is the same page, unregistered.
 */
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define ROUNDS	9
#define SPINNERS 4

static size_t page;
static volatile u32 stop;

static void *pester(void *arg)
{
	struct spinner *s = arg;
	int i;

	pin(0);
	while (!stop) {
		preempt(1);
		for (i = 0; i < SPINNERS; i++)
			if (!s[i].done && s[i].selector == ESTP_INTERRUPT)
				syscall(SYS_tgkill, getpid(), s[i].tid, SIGUSR1);
		sleep_us(50);
	}
	return NULL;
}

struct faulter {
	void *page;
	u64 diverted, faulted;
	long other;
};

static void *fault(void *arg)
{
	struct faulter *f = arg;

	while (!stop) {
		long got = probe_load(f->page, NULL);

		if (got == PROBE_VALUE(VALUE, ESTP_FAULT, 0))
			f->diverted++;
		else if (got == PROBE_FAULTED)
			f->faulted++;
		else
			f->other = got;
	}
	return NULL;
}

/* Zeros are instructions on x86, that write: these fault, whoever executes them. */
static void *traps_new(void)
{
	u8 *p = pages_new(1);
	size_t off;

	for (off = 0; off < page; off += probe_mine_len)
		memcpy(p + off, probe_mine, probe_mine_len);
	return p;
}

/* In place of the code: nothing, zeros that are not executable, or a page of traps. */
static void unmap(void *p, unsigned int how)
{
	switch (how % 3) {
	case 0:
		must(!munmap(p, page));
		break;
	case 1:
		must(mmap(p, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p);
		break;
	case 2:
		must(mremap(traps_new(), page, page, MREMAP_MAYMOVE | MREMAP_FIXED, p) == p);
		break;
	}
}

static struct tally {
	u32 by_signal, by_response, wrong, diverted;
	u64 late;
} tally;

static void round_of(bool registered, unsigned int how)
{
	static struct spinner s[SPINNERS];
	struct faulter f = { .page = probe_new(VALUE) };
	pthread_t faulter, pesterer;
	u64 late, n;
	int i;

	stop = 0;
	if (registered)
		must(!probe_register(f.page));
	for (i = 0; i < SPINNERS; i++)
		spinner_start(&s[i], f.page, i % 2 ? ESTP_INTERRUPT : ESTP_PREEMPTION, 1);
	must(!pthread_create(&faulter, NULL, fault, &f));
	must(!pthread_create(&pesterer, NULL, pester, s));
	must(wait_until(f.diverted + f.faulted > 3, 5000));
	unmap(f.page, how);
	for (i = 0; i < SPINNERS; i++) {
		if (!wait_until(s[i].done, 5000))
			bail("a spinner goes on without its page");
		if (spinner_end(&s[i]) == PROBE_FAULTED)
			tally.by_signal++;
		else if (registered && s[i].result == PROBE_VALUE(VALUE, s[i].selector, 0))
			tally.by_response++;
		else
			tally.wrong++;
	}
	/* Once it faults it is gone, for each that comes then. */
	must(wait_until(f.faulted > 3, 5000));
	late = diverted_all();
	n = f.faulted;
	must(wait_until(f.faulted > n + 20, 5000));
	tally.late += diverted_all() - late;
	stop = 1;
	must(!pthread_join(faulter, NULL));
	must(!pthread_join(pesterer, NULL));
	tally.diverted += f.diverted > 0;
	tally.wrong += f.other != 0;
	munmap(f.page, page);
}

static void rounds(bool registered)
{
	unsigned int i;

	memset(&tally, 0, sizeof(tally));
	for (i = 0; i < ROUNDS; i++)
		round_of(registered, i);
	diag("%s: %u ended by the signal, %u by a response", registered ? "registered" : "twin",
	     tally.by_signal, tally.by_response);
	final(is(tally.wrong, 0, "%s: nothing else happened", registered ? "registered" : "twin"));
}

void test(void)
{
	u64 counters;

	need_estp_and_counters();
	counters = stats().sequences;
	need_cpus(2);
	page = page_size();
	/* Reloaded when a thread is new: the handlers must be there before. */
	round_of(false, 0);
	rounds(true);
	ok(tally.by_response, "registered: some threads were diverted before");
	is(tally.diverted, ROUNDS, "registered: faults were diverted before, in each round");
	final(is(tally.late, 0, "registered: none was after"));
	is(stats().sequences, counters, "nothing is left registered");
	rounds(false);
	is(tally.by_signal, ROUNDS * SPINNERS, "twin: all ended by the signal");
}
