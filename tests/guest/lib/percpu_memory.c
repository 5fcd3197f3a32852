// SPDX-License-Identifier: MIT
/*
 * CPU-6: per-CPU memory is there for every possible CPU, zeroed, aligned, and nobody
 * else's, to the cache line; in front of it there is nothing.
 *
 * Method: allocations of random sizes, filled for all CPUs with what is theirs alone, freed
 * and made anew, more than fits one area; what is found is compared. Guards are read.
 */
#include <estp/percpu.h>

#include "harness.h"

#define LINE	64
#define NR	300

static struct { u8 *p; size_t size; u8 tag; } a[NR];
static u64 seed = 7;

static unsigned int any(unsigned int below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (u32)(seed >> 33) % below;
}

static bool all_are(const u8 *p, size_t size, u8 value)
{
	return p[0] == value && !memcmp(p, p + 1, size - 1);
}

static bool holds(unsigned int i, bool zero)
{
	int n;

	for (n = 0; n < estp_percpu_nr(); n++)
		if (!all_are(estp_percpu_of(a[i].p, n), a[i].size, zero ? 0 : a[i].tag + n))
			return false;
	return true;
}

static void fill(unsigned int i)
{
	int n;

	for (n = 0; n < estp_percpu_nr(); n++)
		memset(estp_percpu_of(a[i].p, n), a[i].tag + n, a[i].size);
}

static long load(void *p)
{
	return *(volatile u8 *)p;
}

static void touch(void *p)
{
	_exit((int)load(p));
}

static void child(void *unused)
{
	void *p = estp_percpu_alloc(100, 0);

	_exit(!p);
}

void test(void)
{
	unsigned int i, k, made = 0, dirty = 0, spoilt = 0, crooked = 0, shared_lines = 0;
	u8 *p, *whole;

	ok(estp_percpu_nr() >= cpus_nr(), "%d possible CPUs", estp_percpu_nr());
	for (k = 0; k < 4000; k++) {
		i = any(NR);
		if (a[i].p) {
			spoilt += !holds(i, false);
			estp_percpu_free(a[i].p);
			a[i].p = NULL;
		} else {
			size_t align = any(4) ? 0 : 1ul << any(15);

			a[i].size = 2 + any(any(8) ? 300 : 40000);
			a[i].tag = any(256);
			a[i].p = estp_percpu_alloc(a[i].size, align);
			must(a[i].p);
			made++;
			crooked += (uintptr_t)a[i].p % LINE != 0 || (align && (uintptr_t)a[i].p % align);
			dirty += !holds(i, true);
			fill(i);
		}
	}
	for (i = 0; i < NR; i++)
		for (k = 0; k < NR; k++)
			shared_lines += i != k && a[i].p && a[k].p && a[k].p >= a[i].p &&
					a[k].p < a[i].p + (a[i].size + LINE - 1) / LINE * LINE;
	is(dirty, 0, "all %u were zeroed", made);
	is(spoilt, 0, "none was changed by others");
	is(crooked, 0, "all are aligned");
	is(shared_lines, 0, "none share a line");
	for (i = 0; i < NR; i++)
		estp_percpu_free(a[i].p);

	whole = estp_percpu_alloc(1 << ESTP_PERCPU_SHIFT, 1 << ESTP_PERCPU_SHIFT);
	ok(whole, "as large as can be");
	p = estp_percpu_alloc(1 << ESTP_PERCPU_SHIFT, 0);
	ok(p && p != whole, "and another one");
	ok(killed_by(run_child(touch, estp_percpu_of(p, -1), 5), SIGSEGV), "nothing for number -1");
	ok(killed_by(run_child(touch, estp_percpu_of(p, -2), 5), SIGSEGV), "nor for -2");
	ok(exited_with(run_child(touch, estp_percpu_of(p, estp_percpu_nr() - 1), 5), 0),
	   "twin: but for the last CPU");
	ok(!estp_percpu_alloc(0, 0), "none of no size");
	ok(!estp_percpu_alloc((1 << ESTP_PERCPU_SHIFT) + 1, 0), "none that is too large");
	ok(!estp_percpu_alloc(8, 3), "no crooked alignment");
	ok(exited_with(run_child(child, NULL, 5), 0), "a child goes on allocating");
	estp_percpu_free(NULL);
	estp_percpu_free(p);
	ok(estp_percpu_alloc(1 << ESTP_PERCPU_SHIFT, 0) == p, "what was freed is used again");
}
