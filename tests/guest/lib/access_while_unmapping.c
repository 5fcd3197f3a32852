// SPDX-License-Identifier: MIT
/*
 * ACC-1, ACC-3, FLT-1, FLT-5: memory that another thread maps and unmaps all the time: each access gives
 * the bytes or says no, and nothing else happens.
 *
 * Method: it goes on until each function has had enough of either answer.
 */
#include "access.h"

#define ENOUGH	100

const unsigned int test_seconds = 100;

static u8 *page;
static volatile bool stop;

static void *unmapper(void *unused)
{
	while (!stop) {
		must(mmap(page, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == page);
		memset(page, 0x55, PAGE);
		sched_yield();
		must(!mprotect(page, PAGE, PROT_NONE));
		must(!munmap(page, PAGE));
		sched_yield();
	}
	return unused;
}

enum { LOAD, STORE, COPY, STRNLEN, READABLE, WRITABLE, FUNCTIONS };

static const char *const names[] = { "load", "store", "copy", "strnlen", "readable", "writable" };

/* What a page holds before, while and after it is filled, in steps of whatever size. */
static bool halfway(u64 value)
{
	return !(value & ~0x5555555555555555ull) && value == (value & 0x0101010101010101ull) * 0x55;
}

/* 1 yes, 0 no, -1 an answer that is neither. */
static int call(int function)
{
	static u8 own[PAGE_MAX];
	u64 value = 0;
	size_t done, i;
	ssize_t len;
	int error;

	switch (function) {
	case LOAD:
		error = estp_load64(page + 64, &value);
		if (!error)
			return halfway(value) ? 1 : -1;
		return error == -EFAULT ? 0 : -1;
	case STORE:
		error = estp_store8(page + 8, 0x55);
		return !error ? 1 : error == -EFAULT ? 0 : -1;
	case COPY:
		memset(own, 0xaa, PAGE);
		done = estp_copy(own, page, PAGE);
		/* ACC-3's exception, met here: the first byte goes alone (on arm64), and the page may be gone then. */
		for (i = done ? done : 1; i < PAGE; i++)
			if (own[i] != 0xaa)
				return -1;
		for (i = 0; i < done; i++)
			if (own[i] == 0xaa)
				return -1;
		return done == PAGE ? 1 : !done ? 0 : 2;
	case STRNLEN:
		len = estp_strnlen((char *)page + 3, 200);
		return len >= 0 && len <= 200 ? 1 : len == -EFAULT ? 0 : -1;
	case READABLE:
		return estp_readable(page, PAGE);
	default:
		return estp_writable(page, PAGE);
	}
}

void test(void)
{
	unsigned int yes, no, wrong, tries;
	pthread_t thread;
	int function, answer;
	u64 before;

	need_estp_and_counters();
	need_cpus(2);
	is(estp_object_error(), 0, "the sequences are registered");
	foreign_handlers();
	page = good_pages(1);
	must(!pthread_create(&thread, NULL, unmapper, NULL));
	for (function = 0; function < FUNCTIONS; function++) {
		yes = no = wrong = tries = 0;
		before = diverted(ESTP_FAULT);
		while ((yes < ENOUGH || no < ENOUGH) && ++tries < 10000000) {
			answer = call(function);
			yes += answer == 1;
			no += answer == 0;
			wrong += answer < 0;
		}
		final(is(wrong, 0, "%s: each answer is one of the two (%u yes, %u no)", names[function], yes, no));
		ok(yes >= ENOUGH && no >= ENOUGH, "%s: both came", names[function]);
		ok(diverted(ESTP_FAULT) - before >= no, "%s: by sequences", names[function]);
	}
	stop = true;
	pthread_join(thread, NULL);
	is(foreign_nr, 0, "no handler was called");
}
