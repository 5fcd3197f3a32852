/* SPDX-License-Identifier: MIT */
/*
 * What every unit test needs: TAP on stdout, and random numbers that can be had again.
 *
 * A claim is one TAP line, however many checks stand behind it:
 *
 *	for (...)
 *		expect(found == wanted, "pc %#lx", pc);
 *	claim("look-up finds what was put");
 *
 * A claim without a single check behind it fails: no event observed is a failure.
 */
#ifndef ESTP_TEST_TAP_H
#define ESTP_TEST_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static struct {
	unsigned int lines, failed;
	unsigned long checks, misses;
} tap;

#define TAP_NOTES_MAX	10	/* misses of one claim that are told in full */

static inline __attribute__((format(printf, 4, 5)))
bool tap_expect(bool ok, const char *file, int line, const char *format, ...)
{
	va_list args;

	tap.checks++;
	if (ok)
		return true;
	if (tap.misses++ >= TAP_NOTES_MAX)
		return false;
	printf("# %s:%d: ", file, line);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf("\n");
	return false;
}

/* Count a check; say where and what if it fails. */
#define expect(cond, ...) tap_expect(cond, __FILE__, __LINE__, #cond ": " __VA_ARGS__)

/* One TAP line for all checks since the last one. */
static inline __attribute__((format(printf, 1, 2)))
void claim(const char *format, ...)
{
	bool ok = tap.checks && !tap.misses;
	va_list args;

	if (!tap.checks)
		printf("# nothing was checked\n");
	else if (tap.misses)
		printf("# %lu of %lu checks failed\n", tap.misses, tap.checks);
	printf("%sok %u - ", ok ? "" : "not ", ++tap.lines);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" (%lu checks)\n", tap.checks);
	fflush(stdout);
	tap.failed += !ok;
	tap.checks = tap.misses = 0;
}

static inline void skip(const char *what, const char *reason)
{
	printf("ok %u - %s # SKIP %s\n", ++tap.lines, what, reason);
}

/* The plan, and main()'s value. */
static inline int tap_done(void)
{
	printf("1..%u\n", tap.lines);
	return tap.failed || !tap.lines;
}

static inline double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* ---- Random numbers --------------------------------------------------------- */

static uint64_t random_state;
/* A fuzzer's input, which then decides instead; zeros when it has been spent. */
static struct {
	const uint8_t *at, *end;
} random_source;

/* The same each time; ESTP_SEED in the environment gives other ones. */
static inline void random_start(void)
{
	const char *seed = getenv("ESTP_SEED");

	random_state = seed ? strtoull(seed, NULL, 0) : 0x45535450;
	printf("# ESTP_SEED=%#llx\n", (unsigned long long)random_state);
}

static inline bool random_spent(void)
{
	return random_source.at && random_source.at == random_source.end;
}

/* The next @nr bytes of the input. */
static inline uint64_t random_taken(int nr)
{
	uint64_t x = 0;

	while (nr-- && !random_spent())
		x = x << 8 | *random_source.at++;
	return x;
}

static inline uint64_t random_word(void)
{
	uint64_t x;

	if (random_source.at)
		return random_taken(8);
	x = random_state += 0x9e3779b97f4a7c15u;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9u;
	x = (x ^ x >> 27) * 0x94d049bb133111ebu;
	return x ^ x >> 31;
}

/* Any of [0, limit). */
static inline uint64_t random_below(uint64_t limit)
{
	/* As few bytes as it takes, so that a fuzzer that changes one changes one thing. */
	if (limit && random_source.at)
		return random_taken(limit <= 1 << 8 ? 1 : limit <= 1 << 16 ? 2 : 8) % limit;
	return limit ? random_word() % limit : 0;
}

static inline bool one_in(uint64_t n)
{
	return !random_below(n);
}

#endif /* ESTP_TEST_TAP_H */
