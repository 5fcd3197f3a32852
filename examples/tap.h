/* SPDX-License-Identifier: MIT */
/* What the worked examples say of themselves: TAP, and what the kernel counted. */
#ifndef TAP_H
#define TAP_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <estp/abi.h>

static int tap_nr, tap_failed;

/* One line of the report; returns @held. */
__attribute__((format(printf, 2, 3), unused))
static bool ok(bool held, const char *format, ...)
{
	va_list args;

	printf("%sok %d - ", held ? "" : "not ", ++tap_nr);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
	tap_failed += !held;
	return held;
}

/* From here on the process is its twin: whatever it has registered is given back. */
__attribute__((unused))
static void become_twin(void)
{
	madvise(NULL, (size_t)-65536, MADV_ESTP_UNREGISTER);
}

/* The exit status of main(): 0 if everything held. */
__attribute__((unused))
static int tap_end(void)
{
	printf("1..%d\n", tap_nr);
	return tap_failed || !tap_nr;
}

/* Ends the program where it cannot show anything, and says why. */
__attribute__((unused, noreturn))
static void tap_skip(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	exit(77);
}

/* Diversions of this process so far, by ESTP_PREEMPTION ...; 0 where nobody counts. */
__attribute__((unused))
static uint64_t diversions(int selector)
{
	struct estp_stats stats = { .mem_fd = -1 };
	int device = open(ESTP_DEVICE, O_RDONLY | O_CLOEXEC);
	int failed = device < 0 || ioctl(device, ESTP_IOC_STATS, &stats);

	if (device >= 0)
		close(device);
	return failed ? 0 : stats.diversions[selector];
}

#endif /* TAP_H */
