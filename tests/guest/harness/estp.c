// SPDX-License-Identifier: MIT
/*
 * The kernel's side: raw registration calls, /dev/estp, the log.
 */
#include <fcntl.h>
#include <sys/ioctl.h>

#include "harness.h"

static int estp(const void *addr, size_t len, int advice)
{
	return syscall(SYS_madvise, addr, len, advice) ? -errno : 0;
}

int madv_register(const void *addr, size_t len)
{
	return estp(addr, len, MADV_ESTP_REGISTER);
}

int madv_unregister(const void *addr, size_t len)
{
	return estp(addr, len, MADV_ESTP_UNREGISTER);
}

int madv_fence(void)
{
	return estp(NULL, 0, MADV_ESTP_FENCE);
}

int madv_fence_cpu(unsigned long cpu)
{
	return estp(NULL, cpu + 1, MADV_ESTP_FENCE);
}

int madv_query(unsigned int feature)
{
	return estp(NULL, feature, MADV_ESTP_QUERY);
}

void need_estp(void)
{
	if (madv_query(ESTP_FEATURE_VERSION_1))
		bail("this kernel has no ESTP: is estp.ko loaded?");
}

void need_estp_and_counters(void)
{
	struct code *c;
	u32 start;

	need_estp();
	c = code_new(1);
	start = emit_nop(c);
	code_describe(c, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					.end = c->at, .response = start });
	code_seal(c);
	must(!code_register(c, ESTP_LAYOUT_PAGE));
}

void need_cpus(int nr)
{
	if (cpus_nr() < nr)
		skip_all("needs %d CPUs", nr);
}

/* Statistics --------------------------------------------------------------- */

static struct estp_stats stats_by(int mem_fd)
{
	struct estp_stats s = { .mem_fd = mem_fd };
	static int fd = -1;

	if (fd < 0)
		fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);
	must(fd >= 0);
	must(!ioctl(fd, ESTP_IOC_STATS, &s));
	return s;
}

struct estp_stats stats(void)
{
	return stats_by(-1);
}

struct estp_stats stats_of(pid_t pid)
{
	struct estp_stats s;
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	must(fd >= 0);
	s = stats_by(fd);
	close(fd);
	return s;
}

u64 diverted(int selector)
{
	return stats().diversions[selector];
}

u64 diverted_all(void)
{
	struct estp_stats s = stats();
	u64 sum = 0;
	int i;

	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		sum += s.diversions[i];
	return sum;
}

/* Tables ------------------------------------------------------------------- */

void table_init(struct table *t, const void *base)
{
	memset(t, 0, sizeof(*t));
	t->base = (u64)base;
}

struct estp_entry *table_add(struct table *t, int selector, const void *start,
			     u64 len, const void *response)
{
	struct estp_entry *e;

	if (t->nr == t->room) {
		t->room = t->room ? 2 * t->room : 16;
		t->entry = realloc(t->entry, t->room * sizeof(*t->entry));
		must(t->entry);
	}
	e = &t->entry[t->nr++];
	memset(e, 0, sizeof(*e));
	e->start = (u64)start - t->base;
	e->length = len;
	e->response = (u64)response - t->base;
	e->selector = selector;
	if (selector == ESTP_INTERRUPT)
		e->response_len = 1;
	if (selector == ESTP_FAULT)
		e->causes = ESTP_CAUSE_PAGE;
	return e;
}

struct estp_table *table_header(const struct table *t)
{
	struct estp_table *header = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(header != MAP_FAILED);
	*header = (struct estp_table) {
		.metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, t->nr),
		.base = t->base,
		.entries = (u64)t->entry,
		.entry_size = sizeof(struct estp_entry),
	};
	return header;
}

int table_register(struct table *t)
{
	size_t page = sysconf(_SC_PAGESIZE);
	struct estp_table *header = table_header(t);
	int err = madv_register(header, page);

	munmap(header, page);
	return err;
}

void table_free(struct table *t)
{
	free(t->entry);
	memset(t, 0, sizeof(*t));
}

/* Log ---------------------------------------------------------------------- */

int klog_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	int trace = open("/proc/sys/debug/exception-trace", O_WRONLY | O_CLOEXEC);

	/* Not everywhere on by default. */
	if (trace >= 0) {
		if (write(trace, "1\n", 2) < 0)
			diag("debug.exception-trace cannot be set");
		close(trace);
	}
	if (fd >= 0)
		lseek(fd, 0, SEEK_END);
	return fd;
}

unsigned int klog_count(int fd, const char *a, const char *b)
{
	char record[8192];
	unsigned int nr = 0;
	ssize_t len;

	for (;;) {
		len = read(fd, record, sizeof(record) - 1);
		if (len < 0 && errno == EPIPE)
			continue;		/* overwritten meanwhile: go on */
		if (len <= 0)
			return nr;
		record[len] = 0;
		nr += (a && strstr(record, a)) || (b && strstr(record, b));
	}
}
