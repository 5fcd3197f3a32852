// SPDX-License-Identifier: MIT
/*
 * What fault-tolerant access costs where nothing faults, on the real CPU.
 *
 * Each pair is measured in turns, many short rounds of one after the other, so that
 * whatever disturbs the machine meets both; a row shows the median of each and the median
 * and quartiles of the rounds' ratios.  Only instructions are measured: they are the same
 * with the module and without, so the library is told that it is registered.
 *
 *   access          a table
 *   access --json   the same for programs
 *
 * Exit status 1 if the project's bound is broken: estp_load64() within 1.1 of the same
 * load behind a call.
 */
#define _GNU_SOURCE
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <estp/access_inline.h>

#define ROUNDS	201
#define BOUND	1.10

int plain_load64(const void *address, uint64_t *value);

static uint64_t words[1024];
static char from[1 << 16], to[1 << 16];
static volatile uint64_t sink;
static size_t len;
static void *(*volatile copy_plain)(void *to, const void *from, size_t len) = memcpy;

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1e9 + t.tv_nsec;
}

/* Loads that do not wait for each other. */
#define INDEPENDENT(name, call)							\
static void name(unsigned int nr)						\
{										\
	uint64_t sum = 0, value = 0;						\
										\
	for (unsigned int i = 0; i < nr; i++) {					\
		if (call(&words[i & 1023], &value))				\
			abort();						\
		sum += value;							\
	}									\
	sink = sum;								\
}

/* Each needs the one before: what is loaded is where to load. */
#define CHAIN(name, call)							\
static void name(unsigned int nr)						\
{										\
	uint64_t value = (uintptr_t)&words[0];					\
										\
	for (unsigned int i = 0; i < nr; i++)					\
		if (call((const void *)(uintptr_t)value, &value))		\
			abort();						\
	sink = value;								\
}

/* What a program does today that wants no handler: ask a system call, then load. */
static int asked_load64(const void *address, uint64_t *value)
{
	if (syscall(SYS_rt_sigprocmask, ~0, address, NULL, 8) && errno == EFAULT)
		return -EFAULT;
	return plain_load64(address, value);
}

static inline int inline_load64(const void *address, uint64_t *value)
{
	*value = *(const volatile uint64_t *)address;
	return 0;
}

INDEPENDENT(loads_plain, plain_load64)
INDEPENDENT(loads, estp_load64)
INDEPENDENT(loads_asked, asked_load64)
INDEPENDENT(loads_inline_plain, inline_load64)
INDEPENDENT(loads_inline, estp_load64_inline)
CHAIN(chain_plain, plain_load64)
CHAIN(chain, estp_load64)

static void copies_plain(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		copy_plain(to, from, len);
}

static void copies(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++)
		if (estp_copy(to, from, len) != len)
			abort();
}

static const struct row {
	const char *name;
	void (*base)(unsigned int nr), (*ours)(unsigned int nr);
	size_t len;
	unsigned int nr;	/* a round */
	bool bounded;
} rows[] = {
	{ "8-byte load, called", loads_plain, loads, 0, 20000, true },
	{ "8-byte load, called, dependent", chain_plain, chain, 0, 20000, true },
	{ "8-byte load, inline", loads_inline_plain, loads_inline, 0, 20000 },
	{ "8-byte load, asked for by system call", loads_asked, loads, 0, 500 },
	{ "copy, 8 bytes", copies_plain, copies, 8, 20000 },
	{ "copy, 32 bytes", copies_plain, copies, 32, 20000 },
	{ "copy, 100 bytes", copies_plain, copies, 100, 20000 },
	{ "copy, 256 bytes", copies_plain, copies, 256, 10000 },
	{ "copy, 1000 bytes", copies_plain, copies, 1000, 5000 },
	{ "copy, 4 KiB", copies_plain, copies, 4096, 2000 },
	{ "copy, 64 KiB", copies_plain, copies, 65536, 100 },
};

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double one(void (*fn)(unsigned int nr), unsigned int nr)
{
	double t = now_ns();

	fn(nr);
	return (now_ns() - t) / nr;
}

int main(int argc, char **argv)
{
	static double base[ROUNDS], ours[ROUNDS], ratio[ROUNDS];
	bool json = argc > 1 && !strcmp(argv[1], "--json");
	int broken = 0;

	/* Nothing here faults, so nothing relies on it. */
	estp_object_error_ = 0;
	for (size_t i = 0; i < 1024; i++)
		words[i] = (uintptr_t)&words[(i * 7 + 1) & 1023];
	if (json)
		printf("{\"bench\": \"access\", \"rounds\": %d, \"rows\": [", ROUNDS);
	else
		printf("%-40s %9s %9s %7s %15s\n", "ns a call, median", "without", "estp", "ratio",
		       "quartiles");
	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		const struct row *row = &rows[r];
		double q1, q2, q3;

		len = row->len;
		for (int i = -5; i < ROUNDS; i++) {
			/* Each goes first as often as the other. */
			double x = i & 1 ? one(row->base, row->nr) : 0;
			double y = one(row->ours, row->nr);

			if (!(i & 1))
				x = one(row->base, row->nr);
			if (i < 0)
				continue;
			base[i] = x;
			ours[i] = y;
			ratio[i] = y / x;
		}
		qsort(base, ROUNDS, sizeof(*base), by_value);
		qsort(ours, ROUNDS, sizeof(*ours), by_value);
		qsort(ratio, ROUNDS, sizeof(*ratio), by_value);
		q1 = ratio[ROUNDS / 4];
		q2 = ratio[ROUNDS / 2];
		q3 = ratio[ROUNDS * 3 / 4];
		if (json)
			printf("%s\n  {\"name\": \"%s\", \"without_ns\": %.3f, \"estp_ns\": %.3f, "
			       "\"ratio\": %.3f, \"ratio_q1\": %.3f, \"ratio_q3\": %.3f, \"bound\": %s}",
			       r ? "," : "", row->name, base[ROUNDS / 2], ours[ROUNDS / 2], q2, q1, q3,
			       row->bounded ? "1.1" : "null");
		else
			printf("%-40s %9.2f %9.2f %7.3f %7.3f %7.3f%s\n", row->name, base[ROUNDS / 2],
			       ours[ROUNDS / 2], q2, q1, q3, !row->bounded ? "" :
			       q2 <= BOUND ? "  <= 1.1 holds" : "  <= 1.1 BROKEN");
		broken |= row->bounded && q2 > BOUND;
	}
	if (json)
		printf("\n]}\n");
	return broken;
}
