// SPDX-License-Identifier: MIT
/*
 * estp dump of a process: a page of sequences is one page, however large the kernel's pages
 * are, of 4, 16 or 64 KiB; and names are those of the files that the process has.
 *
 * What the kernel answers is made here; the linker puts these functions in the place of the
 * tool's and of libc's (--wrap).
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../../tool/object.h"
#include "../../tool/process.h"
#include "../unit/tap.h"

static long page_size;

long __wrap_sysconf(int name);
int __wrap_device_open(char *why, size_t why_len);
enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len);
struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error);
long __real_sysconf(int name);

long __wrap_sysconf(int name)
{
	return name == _SC_PAGESIZE ? page_size : __real_sysconf(name);
}

int __wrap_device_open(char *why, size_t why_len)
{
	(void)why, (void)why_len;
	return open("/dev/null", O_RDONLY);
}

enum looked __wrap_process_open(int pid, int *mem, char *why, size_t why_len)
{
	char path[64];

	(void)why, (void)why_len;
	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	*mem = open(path, O_RDONLY);
	return LOOKED;
}

/* Two pages, each with a sequence near its first byte and one near its last. */
struct estp_sequence *__wrap_device_list(int device, int mem, u32 *nr, int *error)
{
	struct estp_sequence *seq = calloc(4, sizeof(*seq));
	int i;

	(void)device, (void)mem;
	for (i = 0; seq && i < 4; i++) {
		seq[i].start = page_size * (16 + i / 2) + (i % 2 ? page_size - 8 : 32);
		seq[i].length = 4;
		seq[i].response = seq[i].start;
		seq[i].layout = ESTP_LAYOUT_PAGE;
	}
	*nr = 4;
	*error = 0;
	return seq;
}

static void look(struct object *object, void *data)
{
	u32 i;

	(*(int *)data)++;
	expect(object->place_nr == 2, "%u", object->place_nr);
	for (i = 0; i < object->place_nr; i++) {
		expect(object->place[i].addr == (u64)page_size * (16 + i), "%#llx",
		       (unsigned long long)object->place[i].addr);
		expect(object->place[i].sequences == 2, "%u", object->place[i].sequences);
	}
}

/* ---- A process whose /tmp/.../there is another file than ours ---------------------------- */

static char dir[] = "/tmp/estp.XXXXXX", path[2][64];

static void make_library(const char *to, const char *function)
{
	char command[512];

	snprintf(command, sizeof(command), "echo '.text; .type %s, @function; .globl %s; %s: nop; .size %s, 1;"
		 ".section .note.GNU-stack' | ${CC:-gcc} -shared -nostdlib -o %s -xassembler -",
		 function, function, function, function, to);
	if (system(command))
		exit(2);
}

/* Returns the process, stopped when it has mapped the file; 0: there are no rights for that. */
static int begin_elsewhere(void)
{
	int status, pid = fork(), fd;

	if (pid)
		return waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) ? pid : 0;
	alarm(600);
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) || mount(path[1], path[0], NULL, MS_BIND, NULL))
		_exit(1);
	fd = open(path[0], O_RDONLY);
	if (fd < 0 || mmap(NULL, 65536, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0) == MAP_FAILED)
		_exit(1);
	raise(SIGSTOP);
	_exit(0);
}

static void look_for_names(struct object *object, void *data)
{
	int *found = data;
	u32 i;

	for (i = 0; i < object->symbol_nr; i++) {
		found[0] += !strcmp(object->symbol[i].name, "name_of_ours");
		found[1] += !strcmp(object->symbol[i].name, "name_of_theirs");
		found[2] += !strcmp(object->symbol[i].name, "look_for_names");
	}
}

static void names_are_its_own(void)
{
	const char *what = "names are those of the files that the process has, not of ours";
	char why[256] = "", command[64];
	int found[3] = { 0 }, pid;

	if (!mkdtemp(dir))
		exit(2);
	snprintf(path[0], sizeof(path[0]), "%s/there", dir);
	snprintf(path[1], sizeof(path[1]), "%s/elsewhere", dir);
	make_library(path[0], "name_of_ours");
	make_library(path[1], "name_of_theirs");
	pid = begin_elsewhere();
	if (pid) {
		expect(!live_read(pid, look_for_names, found, why, sizeof(why)), "%s", why);
		expect(!found[0] && found[1], "ours %d, its %d", found[0], found[1]);
		expect(found[2], "its program");
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		claim("%s", what);
	} else {
		skip(what, "no right to mount");
	}
	snprintf(command, sizeof(command), "rm -r %s", dir);
	if (system(command))
		exit(2);
}

int main(void)
{
	static const int size[] = { 4, 16, 64 };
	char why[256] = "";
	int looks = 0;
	size_t i;

	page_size = 4096;
	names_are_its_own();

	for (i = 0; i < sizeof(size) / sizeof(*size); i++) {
		page_size = size[i] << 10;
		expect(!live_read(getpid(), look, &looks, why, sizeof(why)), "%s", why);
		expect(looks == (int)i + 1, "%d", looks);
		claim("pages of %d KiB are shown where they begin", size[i]);
	}
	return tap_done();
}
