// SPDX-License-Identifier: MIT
/*
 * ACC-4: estp_writable() changes no data: not what is there, and not what another thread stores
 * there at the same time; by its sequence and by the slow way.
 *
 * Method: a thread counts in the very byte that is asked about, and would miss any count
 * that is undone; the twin asks by storing what it has loaded, until it has undone one.
 */
#include "access.h"

#define ENOUGH	5000000

const unsigned int test_seconds = 100;

static volatile u8 *byte;
static volatile bool stop;
static volatile u64 counted, missed;

/* Only this thread writes: each load must give what it has stored last. */
static void *counter(void *unused)
{
	u8 count = 0;

	while (!stop) {
		*byte = ++count;
		missed += *byte != count;
		/* The other's store may come a little later. */
		missed += *byte != count;
		counted++;
	}
	return unused;
}

static int ask(void)
{
	return estp_writable((void *)byte, 1);
}

static int ask_by_storing(void)
{
	volatile unsigned int i;
	u8 value = *byte;

	for (i = 0; i < 20; i++)
		;
	*byte = value;
	return 1;
}

static void beside_a_writer(const char *how, int (*asking)(void), bool right, u64 enough)
{
	unsigned int refused = 0;
	pthread_t thread;
	u64 asked = 0;

	stop = false;
	counted = missed = 0;
	must(!pthread_create(&thread, NULL, counter, NULL));
	while (right ? !missed && (asked < enough || counted < enough) : !missed && asked < 100 * enough) {
		refused += !asking();
		asked++;
	}
	stop = true;
	pthread_join(thread, NULL);
	if (right)
		final(is(missed, 0, "%s: nothing is undone by %llu questions in %llu counts", how,
			 (unsigned long long)asked, (unsigned long long)counted));
	else
		ok(missed > 0, "%s: a count is undone, after %llu questions", how,
		   (unsigned long long)asked);
	is(refused, 0, "and the answer is yes");
}

static void keeps_data(const char *how)
{
	u8 *mem = good_pages(4), *copy = malloc(4 * PAGE);
	unsigned int i, wrong = 0;

	for (i = 0; i < 4 * PAGE; i++)
		mem[i] = copy[i] = i * 131 + (i >> 8);
	for (i = 0; i < PAGE; i += 13)
		wrong += !estp_writable(mem + i, 3 * PAGE);
	wrong += !estp_writable(mem, 4 * PAGE);
	ok(!wrong && !memcmp(mem, copy, 4 * PAGE), "%s: four pages are as they were", how);
	free_pages(mem, 4);
	free(copy);
}

void test(void)
{
	need_estp();
	need_cpus(2);
	is(estp_object_error(), 0, "the sequences are registered");
	foreign_handlers();
	/* In the middle of other bytes of its word. */
	byte = good_pages(1) + 129;
	keeps_data("by sequence");
	beside_a_writer("by sequence", ask, true, ENOUGH);
	estp_object_error_ = -EAGAIN;
	keeps_data("by system call");
	beside_a_writer("by system call", ask, true, ENOUGH / 100);
	beside_a_writer("twin, by load and store", ask_by_storing, false, ENOUGH / 10);
}
