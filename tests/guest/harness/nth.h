/* SPDX-License-Identifier: MIT */
/*
 * Failures injected by the kernel's fail-nth: the n-th thing fails that may fail in what
 * this thread does next; on kernels made for it (make check-debug).
 */
#ifndef NTH_H
#define NTH_H

#include <fcntl.h>
#include <sys/mount.h>

#include "harness.h"
#include "machine.h"

#define NTH_TIMES	1000000u

static const char *const nth_kind[] = { "failslab", "fail_page_alloc", "fail_usercopy" };
static int nth_fd = -1;

/* For this thread: each that injects opens its own. */
static inline void open_nth(void)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/task/%d/fail-nth", gettid_());
	nth_fd = open(path, O_RDWR | O_CLOEXEC);
	must(nth_fd >= 0);
}

static inline void inject(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	must(pwrite(nth_fd, text, len, 0) == len);
}

/* Ends the injection; true if it came to it. */
static inline bool injected(void)
{
	char text[16] = "";

	/* What is left to count.  If it hits this very call, nothing before it was hit. */
	if (pread(nth_fd, text, sizeof(text) - 1, 0) <= 0)
		return false;
	if (atoi(text) == 0)
		return true;
	/* Or this one: then it is over as well. */
	if (pwrite(nth_fd, "0", 1, 0) != 1)
		inject(0);
	return false;
}

static inline void nth_set(const char *name, const char *value)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s", name);
	fd = open(path, O_WRONLY);
	must(fd >= 0 && write(fd, value, strlen(value)) > 0);
	close(fd);
}

/* Tells each kind of failure where the function @name of the kernel begins and ends. */
static inline void nth_range(const char *which, const char *name)
{
	unsigned long long at, start = 0, end = ~0ULL;
	char line[512], symbol[256], path[64], text[32];
	unsigned int i;
	int round;

	for (round = 0; round < 2; round++) {
		FILE *f = fopen("/proc/kallsyms", "re");

		must(f);
		while (fgets(line, sizeof(line), f)) {
			if (sscanf(line, "%llx %*c %255s", &at, symbol) != 2)
				continue;
			if (!round && !strcmp(symbol, name))
				start = at;
			else if (round && at > start && at < end)
				end = at;
		}
		fclose(f);
	}
	must(start && end - start < 0x10000);
	for (i = 0; i < ARRAY_LEN(nth_kind); i++) {
		snprintf(path, sizeof(path), "%s/%s-start", nth_kind[i], which);
		snprintf(text, sizeof(text), "%#llx", start);
		nth_set(path, text);
		snprintf(path, sizeof(path), "%s/%s-end", nth_kind[i], which);
		snprintf(text, sizeof(text), "%#llx", end);
		nth_set(path, text);
	}
}

/* Only what the function @name does, or has done, can fail, and only that is counted. */
#define only_callees(name) nth_range("require", name)
/* Nothing that the function @name does can fail, nor is it counted. */
#define no_callees(name) nth_range("reject", name)

static inline void need_injection(void)
{
	char path[64], text[16];
	unsigned int i;

	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	if (access("/proc/self/fail-nth", W_OK))
		bail("the kernel cannot inject failures");
	nth_set("failslab/ignore-gfp-wait", "N");
	nth_set("fail_page_alloc/ignore-gfp-wait", "N");
	nth_set("fail_page_alloc/ignore-gfp-highmem", "N");
	nth_set("fail_page_alloc/min-order", "0");
	for (i = 0; i < ARRAY_LEN(nth_kind); i++) {
		snprintf(path, sizeof(path), "%s/verbose", nth_kind[i]);
		nth_set(path, "0");
		/* Not for ever, because then it does not count. */
		snprintf(path, sizeof(path), "%s/times", nth_kind[i]);
		snprintf(text, sizeof(text), "%u", NTH_TIMES);
		nth_set(path, text);
	}
}

/* How many of a kind have been injected so far, says the kernel. */
static inline unsigned int nth_met(const char *kind)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/kernel/debug/%s/times", kind);
	return NTH_TIMES - atoi(read_file(path));
}

#endif
