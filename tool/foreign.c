// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "foreign.h"

/*
 * Opening a device may do what cannot be undone: start a watchdog, rewind a tape.  With
 * O_PATH it is not opened, and what has been looked at is what is opened then.
 */
int foreign_open(const char *path)
{
	int at = open(path, O_PATH | O_CLOEXEC), fd = -1;
	struct stat st;
	char name[32];

	if (at < 0)
		return -1;
	if (!fstat(at, &st) && S_ISREG(st.st_mode)) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", at);
		fd = open(name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	}
	close(at);
	return fd;
}

int foreign_open_mapped(const char *path, int pid, u64 start, u64 end)
{
	char name[4096];
	int fd;

	snprintf(name, sizeof(name), "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)start,
		 (unsigned long long)end);
	fd = foreign_open(name);
	if (fd < 0 && (size_t)snprintf(name, sizeof(name), "/proc/%d/root%s", pid, path) < sizeof(name))
		fd = foreign_open(name);
	return fd;
}
