// SPDX-License-Identifier: MIT
/*
 * Loading and unloading, and small files.
 */
#include <fcntl.h>
#include <sys/stat.h>

#include "machine.h"

int load_fd(int fd, const char *args)
{
	return syscall(SYS_finit_module, fd, args, 0) ? -errno : 0;
}

int load_file(const char *path, const char *args)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err;

	must(fd >= 0);
	err = load_fd(fd, args);
	close(fd);
	return err;
}

int unload_name(const char *name)
{
	return syscall(SYS_delete_module, name, O_NONBLOCK) ? -errno : 0;
}

bool module_unload_soon(void)
{
	return wait_until(!module_unload(), 5000);
}

bool module_loaded(void)
{
	return !access("/sys/module/estp/refcnt", F_OK);
}

long module_users(void)
{
	return read_number("/sys/module/estp/refcnt");
}

const char *read_file(const char *path)
{
	static char text[1 << 20];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	text[0] = 0;
	if (fd < 0)
		return text;
	while (len < sizeof(text) - 1 && (n = read(fd, text + len, sizeof(text) - 1 - len)) > 0)
		len += n;
	text[len] = 0;
	close(fd);
	return text;
}

long read_number(const char *path)
{
	return atol(read_file(path));
}

unsigned int times_in(const char *path, const char *text)
{
	const char *at = read_file(path);
	unsigned int nr = 0;

	while ((at = strstr(at, text))) {
		nr++;
		at++;
	}
	return nr;
}

int write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	/* Some files take a word at a time. */
	do {
		n = write(fd, text, strlen(text));
		if (n < 0)
			err = -errno;
		else
			text += n;
	} while (n > 0 && *text);
	close(fd);
	return err;
}

/* Memory cgroups ------------------------------------------------------------------ */

#define GROUPS "/sys/fs/cgroup"

void memory_group(const char *group, bool join)
{
	char path[128], pid[16];

	must(!write_file(GROUPS "/cgroup.subtree_control", "+memory"));
	snprintf(path, sizeof(path), GROUPS "/%s", group);
	must(!mkdir(path, 0755) || errno == EEXIST);
	if (!join)
		return;
	snprintf(path, sizeof(path), GROUPS "/%s/cgroup.procs", group);
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	must(!write_file(path, pid));
}

long memory_charged(const char *group)
{
	const char *slab, *vmalloc, *text;
	char path[128];
	int i;

	/* kfree_rcu() keeps what it has for seconds, unless memory is asked for. */
	for (i = 0; i < 3; i++) {
		must(!write_file("/proc/sys/vm/drop_caches", "2\n"));
		sleep_us(10000);
	}
	/* memory.stat is up to two seconds late, unless all statistics are brought up. */
	snprintf(path, sizeof(path), GROUPS "/%s/cpu.stat", group);
	must(*read_file(path));
	snprintf(path, sizeof(path), GROUPS "/%s/memory.stat", group);
	text = read_file(path);
	slab = strstr(text, "\nslab ");
	vmalloc = strstr(text, "\nvmalloc ");
	must(slab && vmalloc);
	return atol(slab + strlen("\nslab ")) + atol(vmalloc + strlen("\nvmalloc "));
}
