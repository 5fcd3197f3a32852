/* SPDX-License-Identifier: MIT */
/*
 * What the kernel's leak detector knows of ours. The guest has to be started with
 * "vm: --append kmemleak=on". That it finds a leak is shown by a planted one
 * (tests/debug_finds_planted).
 */
#ifndef LEAKS_H
#define LEAKS_H

#include <fcntl.h>
#include <sys/mount.h>

#include "harness.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"

static inline bool has_kmemleak(void)
{
	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	return !access(KMEMLEAK, W_OK);
}

static inline void need_kmemleak(void)
{
	if (!has_kmemleak())
		bail("the kernel does not look for leaks");
}

/* It believes only what is some seconds old, and asks twice: takes 18 seconds. */
static inline void no_leaks(void)
{
	static char text[1 << 20];
	ssize_t got = 0, n;
	int fd, i;

	fd = open(KMEMLEAK, O_RDWR | O_CLOEXEC);
	must(fd >= 0);
	for (i = 0; i < 3; i++) {
		sleep_us(6000000);
		must(write(fd, "scan", 4) == 4);
	}
	while ((n = read(fd, text + got, sizeof(text) - 1 - got)) > 0)
		got += n;
	text[got] = 0;
	close(fd);
	if (!ok(!strstr(text, "estp"), "the leak detector knows nothing of ours"))
		diag("%.2000s", text);
}

#endif
