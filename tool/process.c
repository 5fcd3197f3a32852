// SPDX-License-Identifier: MIT
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "process.h"

/* ---- /proc -------------------------------------------------------------------------- */

/* A whole file of /proc/PID, with a NUL after it; its length, or -1 if it cannot be read. */
static ssize_t read_file(int pid, const char *name, char *text, size_t room)
{
	char path[64];
	ssize_t got = 0, len = 0;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	while ((size_t)len < room - 1 && (got = read(fd, text + len, room - 1 - len)) > 0)
		len += got;
	if (!len && got < 0)
		len = -1;
	close(fd);
	text[len > 0 ? len : 0] = 0;
	return len;
}

/* A field of /proc/PID/stat, counted as proc(5) does; from the third on, all are plain. */
static bool stat_field(int pid, int field, char *text, size_t len)
{
	char line[1024], *at;

	if (read_file(pid, "stat", line, sizeof(line)) <= 0 || !(at = strrchr(line, ')')))
		return false;
	at += 2;
	for (; field > 3 && at; field--) {
		at = strchr(at, ' ');
		if (at)
			at++;
	}
	if (!at)
		return false;
	snprintf(text, len, "%.*s", (int)strcspn(at, " \n"), at);
	return true;
}

/* A line of /proc/PID/status: what follows its name. */
static bool status_line(int pid, const char *name, char *text, size_t len)
{
	char all[4096], want[32], *at;

	snprintf(want, sizeof(want), "\n%s:", name);
	if (read_file(pid, "status", all, sizeof(all)) <= 0 || !(at = strstr(all, want)))
		return false;
	at += strlen(want);
	at += strspn(at, " \t");
	snprintf(text, len, "%.*s", (int)strcspn(at, "\n"), at);
	return true;
}

#define KERNEL_THREAD	0x00200000ul	/* PF_KTHREAD, in the flags of proc(5) */

static bool is_kernel_thread(int pid)
{
	char flags[32];

	return stat_field(pid, 9, flags, sizeof(flags)) &&
	       strtoul(flags, NULL, 10) & KERNEL_THREAD;
}

/* Ended, but for its parent's wait. */
static bool is_zombie(int pid)
{
	char state[8];

	return stat_field(pid, 3, state, sizeof(state)) && (*state == 'Z' || *state == 'X');
}

static void find_alive(int tid, void *data)
{
	int *alive = data;

	if (!*alive && !is_zombie(tid))
		*alive = tid;
}

int thread_with_memory(int pid)
{
	int alive = is_zombie(pid) ? 0 : pid;

	if (!alive)
		thread_each(pid, find_alive, &alive);
	return alive;
}

/* ---- Registrations ----------------------------------------------------------------- */

int device_open(char *why, size_t why_len)
{
	int fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);

	if (fd < 0 && errno == ENOENT)
		snprintf(why, why_len, "there is no " ESTP_DEVICE ": the module estp is not loaded");
	else if (fd < 0)
		snprintf(why, why_len, ESTP_DEVICE " cannot be opened: %s", strerror(errno));
	return fd;
}

enum looked process_open(int pid, int *mem, char *why, size_t why_len)
{
	int error, thread = thread_with_memory(pid);
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/mem", thread ? thread : pid);
	*mem = open(path, O_RDONLY | O_CLOEXEC);
	error = errno;
	if (*mem < 0 && (error == ENOENT || error == ESRCH) && access("/proc/self", F_OK)) {
		snprintf(why, why_len, "/proc is not mounted");
		return LOOKED_FAILED;
	}
	/* Kernels differ in whether these can be opened: the answer shall not. */
	if (!thread || is_kernel_thread(pid)) {
		snprintf(why, why_len, "%s", is_kernel_thread(pid) ?
			 "it is a kernel thread, which has no memory of its own" :
			 "it has ended, and only waits for its parent to notice");
		if (*mem >= 0)
			close(*mem);
		*mem = -1;
		return LOOKED_NO_MEMORY;
	}
	if (*mem >= 0)
		return LOOKED;
	if (error == ENOENT || error == ESRCH) {
		snprintf(why, why_len, "there is no such process");
		return LOOKED_GONE;
	}
	snprintf(why, why_len, "its memory cannot be opened: %s", strerror(error));
	return error == EACCES || error == EPERM ? LOOKED_DENIED : LOOKED_FAILED;
}

int device_stats(int device, int mem, struct estp_stats *stats)
{
	*stats = (struct estp_stats) { .mem_fd = mem };
	return ioctl(device, ESTP_IOC_STATS, stats) ? -errno : 0;
}

/* Until the list fits: it may grow between two calls. */
struct estp_sequence *device_list(int device, int mem, u32 *nr, int *error)
{
	struct estp_list request = { .mem_fd = mem, .capacity = 1024 };
	struct estp_sequence *seq = NULL, *more;

	for (;;) {
		more = realloc(seq, (size_t)request.capacity * sizeof(*seq));
		*error = -ENOMEM;
		if (!more)
			break;
		seq = more;
		request.sequences = (uintptr_t)seq;
		if (ioctl(device, ESTP_IOC_LIST, &request)) {
			*error = -errno;
			break;
		}
		if (request.count <= request.capacity) {
			*nr = request.count;
			*error = 0;
			return seq;
		}
		request.capacity = request.count + 64;
	}
	free(seq);
	return NULL;
}

/* ---- Identity ------------------------------------------------------------------------ */

int process_of_thread(int tid)
{
	char text[32];

	return status_line(tid, "Tgid", text, sizeof(text)) ? atoi(text) : 0;
}

int process_parent(int pid)
{
	char text[32];

	return status_line(pid, "PPid", text, sizeof(text)) ? atoi(text) : 0;
}

/* Not of a thread that ends: proc(5) has zeros for it. */
static bool has_memory(int tid)
{
	char text[128];

	return read_file(tid, "statm", text, sizeof(text)) > 0 && *text != '0';
}

bool thread_same_memory(int a, int b)
{
	/* To kcmp(2) two that have none have the same; who has it now had it then. */
	return !syscall(SYS_kcmp, a, b, KCMP_VM, 0, 0) && has_memory(a);
}

u64 process_start(int pid)
{
	char text[32];

	return stat_field(pid, 22, text, sizeof(text)) ? strtoull(text, NULL, 10) : 0;
}

bool process_user(int pid, char *text, size_t len)
{
	struct passwd *entry;
	unsigned int effective;
	char ids[64];

	if (!status_line(pid, "Uid", ids, sizeof(ids)) ||
	    sscanf(ids, "%*u %u", &effective) != 1)
		return false;
	entry = getpwuid(effective);
	if (entry)
		snprintf(text, len, "%s", entry->pw_name);
	else
		snprintf(text, len, "%u", effective);
	return true;
}

bool process_command(int pid, char *text, size_t len)
{
	ssize_t got = read_file(pid, "cmdline", text, len), i;
	char name[64];

	if (got < 0)
		return false;
	while (got && !text[got - 1])
		got--;
	for (i = 0; i < got; i++)
		if (!text[i])
			text[i] = ' ';
	if (got)
		return true;
	if (!thread_name(pid, name, sizeof(name)))
		return false;
	snprintf(text, len, "[%s]", name);
	return true;
}

bool thread_name(int tid, char *text, size_t len)
{
	ssize_t got = read_file(tid, "comm", text, len);

	if (got <= 0)
		return false;
	text[strcspn(text, "\n")] = 0;
	return true;
}

/* The numbers among the names of a folder; whether there were any. */
static bool each_number(const char *path, each_pid *each, void *data)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	bool any = false;

	while (dir && (entry = readdir(dir))) {
		char *end;
		long pid = strtol(entry->d_name, &end, 10);

		if (pid <= 0 || *end)
			continue;
		any = true;
		each(pid, data);
	}
	if (dir)
		closedir(dir);
	return any;
}

bool process_each(each_pid *each, void *data)
{
	return each_number("/proc", each, data);
}

void thread_each(int pid, each_pid *each, void *data)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	each_number(path, each, data);
}

/* ---- Mappings ------------------------------------------------------------------------ */

bool mapping_each(int pid, each_mapping *each, void *data)
{
	char path[32], *line = NULL;
	size_t room = 0;
	bool any = false;
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", thread_with_memory(pid));
	maps = fopen(path, "re");
	while (maps && getline(&line, &room, maps) > 0) {
		unsigned long long start, end, offset;
		struct mapping mapping;
		char rights[8];
		int name = 0;

		any = true;
		if (sscanf(line, "%llx-%llx %7s %llx %*s %*s %n", &start, &end, rights, &offset,
			   &name) < 4 || rights[2] != 'x')
			continue;
		line[strcspn(line, "\n")] = 0;
		mapping = (struct mapping) {
			.start = start, .end = end, .offset = offset,
			.path = name ? line + name : "",
		};
		each(&mapping, data);
	}
	free(line);
	if (maps)
		fclose(maps);
	return any;
}
