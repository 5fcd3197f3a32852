// SPDX-License-Identifier: MIT
/*
 * init_port - virtio ports, by the names that vm/run gave them
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "init.h"

/* The device of the virtio port of that name; 0 if there is none yet. */
static int find_port(const char *name, char device[512])
{
	DIR *dir = opendir("/sys/class/virtio-ports");
	struct dirent *entry;
	int found = 0;

	while (dir && !found && (entry = readdir(dir))) {
		char path[512], line[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, line, sizeof(line) - 1) > 0) {
			line[strcspn(line, "\n")] = '\0';
			found = !strcmp(line, name);
		}
		close(fd);
		snprintf(device, 512, "/dev/%s", entry->d_name);
	}
	if (dir)
		closedir(dir);
	return found;
}

/* Ports come up while the kernel talks to the device: hence ten seconds of patience. */
int open_port_named(const char *name)
{
	const struct timespec pause = { .tv_nsec = 5 * 1000 * 1000 };
	char device[512];
	int tries, fd;

	for (tries = 0; tries < 2000; tries++) {
		if (find_port(name, device)) {
			/* A write that may block is a spinning one in the kernel. */
			fd = open(device, O_RDWR | O_CLOEXEC | O_NONBLOCK);
			if (fd >= 0)
				return fd;
		}
		nanosleep(&pause, NULL);
	}
	return -1;
}

/* As much as it takes; 0 when the other side is gone. */
int port_io(int fd, int writing, char *p, size_t len)
{
	while (len) {
		struct pollfd port = { .fd = fd, .events = writing ? POLLOUT : POLLIN };
		ssize_t n = writing ? write(fd, p, len) : read(fd, p, len);

		if (n > 0) {
			p += n;
			len -= n;
		} else if (n < 0 && errno == EAGAIN) {
			poll(&port, 1, -1);
		} else if (!n || errno != EINTR) {
			return 0;
		}
	}
	return 1;
}
