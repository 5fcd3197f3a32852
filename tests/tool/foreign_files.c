// SPDX-License-Identifier: MIT
/*
 * What names come from was written and named by others: the tool takes no harm from it.
 *
 * inotify tells of each opening, also of one that lasts no time.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../tool/foreign.h"
#include "../../tool/symbols.h"
#include "../unit/tap.h"

static char dir[] = "/tmp/estp.XXXXXX";

static const char *path_of(const char *name)
{
	static char path[4][256];
	static int turn;

	turn = (turn + 1) % 4;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", dir, name);
	return path[turn];
}

static void write_file(const char *name, const void *bytes, size_t len)
{
	int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC, 0755);

	if (fd < 0 || write(fd, bytes, len) != (ssize_t)len)
		exit(2);
	close(fd);
}

/* ---- What is opened ------------------------------------------------------------------ */

static int watch(const char *name)
{
	int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);

	if (fd < 0 || inotify_add_watch(fd, path_of(name), IN_OPEN) < 0)
		exit(2);
	return fd;
}

static bool was_opened(int fd)
{
	char events[4096];

	return read(fd, events, sizeof(events)) > 0;
}

static void regular_files_only(void)
{
	struct name name;
	int fifo, file, fd;

	if (mkfifo(path_of("fifo"), 0600))
		exit(2);
	write_file("file", "no ELF file", 11);
	fifo = watch("fifo");
	file = watch("file");
	fd = foreign_open(path_of("fifo"));
	expect(fd < 0, "%d", fd);
	expect(foreign_open_mapped(path_of("fifo"), getpid(), 0, 4096) < 0, "of a process");
	symbols_name(path_of("fifo"), NULL, 0, getpid(), 0, 4096, &name);
	expect(!*name.symbol, "%s", name.symbol);
	symbols_name(path_of("fifo"), NULL, 0, 0, 0, 0, &name);
	expect(!was_opened(fifo), "the FIFO");
	claim("what is no regular file is not opened, not even to see what it is");

	fd = foreign_open(path_of("file"));
	expect(fd >= 0 && was_opened(file), "%d", fd);
	close(fd);
	fd = foreign_open_mapped(path_of("file"), getpid(), 0, 4096);
	expect(fd >= 0 && was_opened(file), "%d", fd);
	close(fd);
	claim("one that is one is opened, which is seen");
	close(fifo);
	close(file);
}

int main(void)
{
	char command[64];
	int done;

	if (!mkdtemp(dir))
		return 2;
	regular_files_only();
	done = tap_done();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) ? 2 : done;
}
