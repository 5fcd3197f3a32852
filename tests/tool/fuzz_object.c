// SPDX-License-Identifier: MIT
/*
 * estp dump and estp check, as libFuzzer runs them: what counts is that the sanitizers find
 * nothing and that each run ends: whatever the file, the tool answers.
 *
 * Half of the mutants are libFuzzer's, which follow the coverage of the tool.  The other half
 * know that headers are where a lie does most, and which numbers are an edge of something.
 */
#include <fcntl.h>
#include <getopt.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tool/estp.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);
size_t LLVMFuzzerMutate(uint8_t *data, size_t len, size_t room);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t room, unsigned int seed);
const char *__lsan_default_suppressions(void);
const char *__lsan_default_options(void);

const char *__lsan_default_options(void)
{
	return "print_suppressions=0";
}

/* elfutils 0.188 loses memory of broken files, and a name that it has printed. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libelf.so\nleak:libdw.so\nleak:__vasprintf_internal\n";
}

static void run(int (*command)(int, char **), char *name, char *option, char *path)
{
	char *argv[] = { name, option, path, NULL };
	int status;

	optind = 0;
	status = command(3, argv);
	if (status < 0 || status > 2)
		abort();
}

/* A bug for the fuzzer to find: an ELF file with an entry address that no linker writes. */
static void planted(const uint8_t *data, size_t len)
{
	uint8_t *copy;

	if (len < 64 || memcmp(data, "\177ELF", 4) || data[28] < 0x80)
		return;
	copy = malloc(len);
	memcpy(copy, data, len);
	((volatile uint8_t *)copy)[len] = 1;
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static bool quiet, plant;
	char path[64];
	int fd;

	if (!quiet) {
		/* What is said is not looked at; libFuzzer and sanitizers have the other. */
		quiet = true;
		plant = getenv("FUZZ_PLANTED");
		if (!freopen("/dev/null", "w", stdout))
			abort();
		fd = open("/dev/null", O_WRONLY);
		stderr = fdopen(fd, "w");
	}
	if (plant)
		planted(data, len);
	fd = memfd_create("fuzz", 0);
	if (fd < 0 || write(fd, data, len) != (ssize_t)len)
		abort();
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	run(estp_check, "check", "--strict", path);
	run(estp_check, "check", "--json", path);
	run(estp_dump, "dump", "--colour=always", path);
	run(estp_dump, "dump", "--json", path);
	close(fd);
	return 0;
}

static uint64_t state;

static uint64_t next(uint64_t below)
{
	state = state * 6364136223846793005ull + 1442695040888963407ull;
	return (state >> 20) % below;
}

/* Numbers that lie at an edge of something. */
static uint64_t odd_number(void)
{
	static const uint64_t edge[] = {
		0, 1, 2, 7, 8, 24, 0x1000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
		0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
		0xfffffffffffff000, 0x4553545001000001, 0x45535450010000ff,
	};

	return edge[next(sizeof(edge) / sizeof(*edge))] + next(3) - 1;
}

/* Headers are where a lie does most: most changes go to the ends, where they stand. */
static size_t place(size_t len)
{
	size_t near = len < 2048 ? len : 2048;

	switch (next(4)) {
	case 0: return next(near < 64 ? near : 64);
	case 1: return next(near);
	case 2: return len - 1 - next(near);
	default: return next(len);
	}
}

static size_t mutate(uint8_t *data, size_t len)
{
	uint64_t changes = 1 + next(6), word;
	size_t at, width, from;

	while (changes--) {
		at = place(len);
		width = 1ull << next(4);
		if (width > len - at)
			width = len - at;
		switch (next(5)) {
		case 0:
			data[at] ^= 1 << next(8);
			break;
		case 1:
			data[at] = next(256);
			break;
		case 2:
			word = odd_number();
			memcpy(data + at, &word, width);
			break;
		case 3:
			from = place(len);
			if (width > len - from)
				width = len - from;
			memmove(data + at, data + from, width);
			break;
		default:
			if (!next(8) && len > 64)
				len = 1 + next(len);
			break;
		}
	}
	return len;
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t len, size_t room, unsigned int seed)
{
	state = seed;
	if (!len || next(2))
		return LLVMFuzzerMutate(data, len, room);
	return mutate(data, len);
}
