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
#include <sys/wait.h>
#include <unistd.h>

#include "../../tool/foreign.h"
#include "../../tool/process.h"
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

/* ---- What is read ---------------------------------------------------------------------- */

static void *address;
static u64 offset;	/* of it, in the file of this program */

static void note_offset(const struct mapping *mapping, void *unused)
{
	u64 at = (u64)(uintptr_t)address;

	(void)unused;
	if (at - mapping->start < mapping->end - mapping->start)
		offset = at - mapping->start + mapping->offset;
}

static void name_of(void *function, struct name *name)
{
	address = function;
	mapping_each(getpid(), note_offset, NULL);
	symbols_name(path_of("program"), NULL, offset, 0, 0, 0, name);
}

static void cut_off_meanwhile(void)
{
	struct name name;
	int status = -1;
	char command[256];
	pid_t pid;

	snprintf(command, sizeof(command), "cp /proc/%d/exe %s", getpid(), path_of("program"));
	if (system(command))
		exit(2);
	pid = fork();
	if (!pid) {
		name_of(claim, &name);
		if (strcmp(name.symbol, "claim") || truncate(path_of("program"), 0))
			_exit(1);
		/* Its lines have not been read yet. */
		name_of(foreign_open, &name);
		_exit(strcmp(name.symbol, "foreign_open") || !strstr(name.line, "foreign.c:") ? 2 : 0);
	}
	waitpid(pid, &status, 0);
	expect(status == 0, "%#x", status);
	claim("a file that is cut off after it was opened has its names");
}

static void some_are_not_read(void)
{
	char said[256] = "";
	int fd, to, errors, into;

	errors = dup(2);
	into = open(path_of("said"), O_RDWR | O_CREAT | O_TRUNC, 0600);
	fflush(stderr);
	dup2(into, 2);
	write_file("sparse", "\177ELF", 4);
	expect(!truncate(path_of("sparse"), 3ll << 30), "truncate");
	to = foreign_copy(foreign_open(path_of("sparse")), path_of("sparse"));
	expect(to < 0, "3 GiB: %d", to);
	write_file("packed", "\037\213\010", 3);
	to = foreign_copy(foreign_open(path_of("packed")), path_of("packed"));
	expect(to < 0, "no ELF file: %d", to);
	write_file("tiny", "\177ELF tiny", 9);
	fd = foreign_copy(foreign_open(path_of("tiny")), path_of("tiny"));
	expect(fd >= 0 && lseek(fd, 0, SEEK_END) == 9, "%d", fd);
	close(fd);
	fflush(stderr);
	dup2(errors, 2);
	expect(pread(into, said, sizeof(said) - 1, 0) > 0 && strstr(said, "sparse: not read for names"), "%s", said);
	expect(strchr(said, '\n') == strrchr(said, '\n'), "%s", said);
	close(into);
	close(errors);
	claim("what is larger than all may be is not read, and that is said; nor what would be unpacked");
}

int main(void)
{
	char command[64];
	int done;

	if (!mkdtemp(dir))
		return 2;
	regular_files_only();
	cut_off_meanwhile();
	some_are_not_read();
	done = tap_done();
	snprintf(command, sizeof(command), "rm -r %s", dir);
	return system(command) ? 2 : done;
}
