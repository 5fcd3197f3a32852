// SPDX-License-Identifier: MIT
/*
 * estp ps says what it could not learn: from a kernel that is busy, without /proc.
 *
 * What the kernel answers is made here; the linker puts these functions in the place of the
 * tool's and of libc's (--wrap).  Of all processes this one alone has sequences.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tool/estp.h"
#include "../../tool/process.h"
#include "../unit/tap.h"

static bool busy, no_proc;
static const char *proc = "/proc";
static int subject;

DIR *__wrap_opendir(const char *path);
DIR *__real_opendir(const char *path);
enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len);
int __wrap_device_open(char *why, size_t why_len);
int __wrap_device_stats(int device, int mem, struct estp_stats *stats);
struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error);

DIR *__wrap_opendir(const char *path)
{
	if (no_proc) {
		errno = ENOENT;
		return NULL;
	}
	return __real_opendir(strcmp(path, "/proc") ? path : proc);
}

enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len)
{
	(void)why, (void)why_len;
	if (pid != subject)
		return LOOKED_GONE;
	*mem = open("/dev/null", O_RDONLY);
	return LOOKED;
}

int __wrap_device_open(char *why, size_t why_len)
{
	(void)why, (void)why_len;
	return open("/dev/null", O_RDONLY);
}

int __wrap_device_stats(int device, int mem, struct estp_stats *stats)
{
	(void)device, (void)mem;
	*stats = (struct estp_stats) { .pages = 1, .sequences = 1 };
	return 0;
}

struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error)
{
	struct estp_sequence *seq = busy ? NULL : calloc(1, sizeof(*seq));

	(void)device, (void)mem;
	*nr = !busy;
	*error = busy ? -EBUSY : 0;
	if (seq)
		seq->start = (uintptr_t)__wrap_device_list;
	return seq;
}

static char out[1 << 16], err[1 << 16];

static void read_all(int fd, char *to, size_t room)
{
	ssize_t got = pread(fd, to, room - 1, 0);

	to[got > 0 ? got : 0] = 0;
	close(fd);
}

/* The status of estp ps --objects --json; what it says, too. */
static int look(void)
{
	char *argv[] = { "ps", "--objects", "--json", NULL };
	int to = memfd_create("out", 0), errors = memfd_create("err", 0), status = -1, pid;

	fflush(stdout);
	subject = getpid();
	pid = fork();
	if (!pid) {
		dup2(to, 1);
		dup2(errors, 2);
		_exit(estp_ps(3, argv));
	}
	waitpid(pid, &status, 0);
	read_all(to, out, sizeof(out));
	read_all(errors, err, sizeof(err));
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(void)
{
	char empty[] = "/tmp/estp.XXXXXX";
	int status = look();

	expect(status == 0 && !*err, "%d: %s", status, err);
	expect(strstr(out, "\"object\":\"/"), "%s", out);
	claim("a kernel that answers");

	busy = true;
	status = look();
	expect(status == 0, "%d", status);
	expect(!strcmp(err, "estp ps: 1 process could not be looked at: /dev/estp does not answer: "
		       "Device or resource busy\n"), "%s", err);
	expect(strstr(out, "\"sequences\":1,") && strstr(out, "\"objects\":[]"), "%s", out);
	claim("one that does not list sequences: that is said, and the process is shown without");
	busy = false;

	no_proc = true;
	status = look();
	expect(status == 2 && !*out, "%d: %s", status, out);
	expect(!strcmp(err, "estp ps: /proc is not mounted\n"), "%s", err);
	no_proc = false;
	proc = mkdtemp(empty);
	status = look();
	expect(status == 2 && !*out, "%d: %s", status, out);
	expect(!strcmp(err, "estp ps: /proc is not mounted\n"), "%s", err);
	claim("without /proc, or where it is an empty folder, there is no list");
	rmdir(empty);
	return tap_done();
}
