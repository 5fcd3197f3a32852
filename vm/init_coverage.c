// SPDX-License-Identifier: MIT
/*
 * init_coverage - what GCOV counted in modules, sent through a virtio port
 *
 * A kernel with GCOV shows one .gcda file an object below /sys/kernel/debug/gcov, under
 * the path that it was compiled at; those of a module that is unloaded stay, summed up
 * over all its loads. They leave as a cpio archive, its paths from that folder on.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "init.h"

#define GCOV	"/sys/kernel/debug/gcov/"

static int port = -1;
static char content[8 << 20];

static void entry(const char *name, size_t size)
{
	static const char zeros[4];
	static unsigned int nr;
	size_t name_size = strlen(name) + 1;
	char head[128];

	/* newc: all in hexadecimal, name and content each filled up to four bytes. */
	snprintf(head, sizeof(head), "070701%08x%08x%08x%08x%08x%08x%08zx%08x%08x%08x%08x%08zx%08x",
		 ++nr, 0100644, 0, 0, 1, 0, size, 0, 0, 0, 0, name_size, 0);
	if (!port_io(port, 1, head, 110) || !port_io(port, 1, (char *)name, name_size) ||
	    !port_io(port, 1, (char *)zeros, -(110 + name_size) & 3) ||
	    !port_io(port, 1, content, size) ||
	    !port_io(port, 1, (char *)zeros, -size & 3))
		give_up("what was covered could not be written");
}

static int send_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	size_t len = strlen(path), size = 0;
	ssize_t n;
	int fd;

	(void)st;
	(void)where;
	if (type != FTW_F || len < 5 || strcmp(path + len - 5, ".gcda"))
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		give_up("cannot open %s: %s", path, strerror(errno));
	while ((n = read(fd, content + size, sizeof(content) - size)) > 0)
		size += n;
	close(fd);
	if (n < 0 || !size || size == sizeof(content))
		give_up("cannot read %s", path);
	entry(path + strlen(GCOV), size);
	return 0;
}

void send_coverage(void)
{
	port = open_port_named(plan.coverage);
	if (port < 0)
		give_up("the guest has no port %s", plan.coverage);
	if (nftw(GCOV, send_one, 16, FTW_PHYS))
		give_up("this kernel counts no coverage");
	entry("TRAILER!!!", 0);
}
