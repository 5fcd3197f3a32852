// SPDX-License-Identifier: MIT
/*
 * FEN-1, FEN-4, FEN-7: the fence takes address NULL and 0 for all CPUs, or cpu + 1;
 * EINVAL for any other address and for CPUs that are not possible; 0 for one that is
 * offline, and in an address space without registrations, where it counts nothing.
 *
 * Method: all CPUs that the kernel says are possible, and numbers beyond them; one CPU
 * is taken offline and back.
 */
#include <fcntl.h>

#include "harness.h"

static int fence(const void *addr, size_t len)
{
	return syscall(SYS_madvise, addr, len, MADV_ESTP_FENCE) ? -errno : 0;
}

static bool set_online(int cpu, const char *value)
{
	char path[64];
	int fd;
	bool done;

	snprintf(path, sizeof(path), "/sys/devices/system/cpu/cpu%d/online", cpu);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	done = fd >= 0 && write(fd, value, 1) == 1;
	if (fd >= 0)
		close(fd);
	return done;
}

/* The highest number in a list of CPUs like 0-1,3. */
static int last_of(const char *path)
{
	char text[256], *p, *end;
	FILE *f = fopen(path, "re");
	long last = -1;

	must(f && fgets(text, sizeof(text), f));
	fclose(f);
	for (p = text; *p; p = end + (*end != 0)) {
		long n = strtol(p, &end, 10);

		if (end == p)
			break;
		last = n;
	}
	must(last >= 0);
	return last;
}

static void arguments(const char *when, int possible)
{
	size_t page = sysconf(_SC_PAGESIZE);
	static char here[65536] __attribute__((aligned(65536)));
	int cpu, wrong = 0;

	is(fence(NULL, 0), 0, "%s: all CPUs", when);
	for (cpu = 0; cpu <= possible; cpu++)
		wrong += fence(NULL, cpu + 1) != 0;
	is(wrong, 0, "%s: each of %d possible CPUs", when, possible + 1);
	is(fence(NULL, possible + 2), -EINVAL, "%s: one CPU too many", when);
	is(fence(NULL, page), page > (size_t)possible + 1 ? -EINVAL : 0,
	   "%s: the length is a number, not rounded", when);
	is(fence(NULL, 1ul << 31), -EINVAL, "%s: 2^31", when);
	is(fence(NULL, 1ul << 32), -EINVAL, "%s: 2^32 is not 0", when);
	is(fence(NULL, (1ul << 32) + 1), -EINVAL, "%s: 2^32 + 1 is not CPU 0", when);
	is(fence(NULL, -1ul), -EINVAL, "%s: the greatest number", when);
	is(fence(here, 0), -EINVAL, "%s: an address", when);
	is(fence(here, 1), -EINVAL, "%s: an address and a CPU", when);
	is(fence((void *)1, 0), -EINVAL, "%s: a misaligned address", when);
	is(fence((void *)page, 0), -EINVAL, "%s: an address that is not mapped", when);
}

void test(void)
{
	int possible = last_of("/sys/devices/system/cpu/possible");
	u64 fences;

	need_estp();
	arguments("without registrations", possible);
	is(stats().fences, 0, "no fence is counted");
	need_estp_and_counters();
	fences = stats().fences;
	arguments("with registrations", possible);
	is(stats().fences - fences, possible + 2, "those that succeeded are counted");

	if (!set_online(cpus_nr() - 1, "0")) {
		skip("no CPU can be taken offline");
		return;
	}
	is(cpus_nr(), possible, "one CPU is offline");
	is(fence(NULL, possible + 1), 0, "a fence of it has nothing to do");
	is(fence(NULL, 0), 0, "one of all CPUs succeeds");
	ok(set_online(possible, "1"), "it is back");
	is(fence(NULL, possible + 1), 0, "a fence of it succeeds");
}
