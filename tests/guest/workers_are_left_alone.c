// SPDX-License-Identifier: MIT
/*
 * LIFE-12, MOD-4: kernel worker threads that share the address space, io_uring's, are
 * no tasks of it to ESTP: they neither hold up a registration nor a fence nor, in the
 * end, the module; what they do for the program goes on.
 *
 * Method: io_uring workers, made to open FIFOs, which blocks, before and after the first
 * registration; registration, fence, fork, unregistration beside them; then the FIFOs
 * are opened for writing, and the workers must come to their end. That there are workers is read from /proc. The module
 * must come to have as many users as threads that are the program's own.
 */
#include <dirent.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <sys/stat.h>

#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define OPENS	3

static struct ring {
	int fd;
	struct io_uring_params p;
	u8 *sq, *cq;
	struct io_uring_sqe *sqe;
} ring;

static bool ring_new(struct ring *r)
{
	u32 most[] = { 2 * OPENS, 2 * OPENS };	/* bounded and unbounded work; 4 a CPU by default */

	r->fd = syscall(SYS_io_uring_setup, 8, &r->p);
	if (r->fd < 0)
		return false;
	must(!syscall(SYS_io_uring_register, r->fd, IORING_REGISTER_IOWQ_MAX_WORKERS, most, ARRAY_LEN(most)));
	r->sq = mmap(NULL, r->p.sq_off.array + r->p.sq_entries * sizeof(u32),
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe),
		     PROT_READ | PROT_WRITE, MAP_SHARED, r->fd, IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, r->p.sq_entries * sizeof(*r->sqe), PROT_READ | PROT_WRITE,
		      MAP_SHARED, r->fd, IORING_OFF_SQES);
	must(r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqe != MAP_FAILED);
	return true;
}

static const char *fifo(int i)
{
	static char path[32];

	snprintf(path, sizeof(path), "/tmp/fifo%d", i);
	return path;
}

static void submit_open(int i)
{
	static char paths[3 * OPENS][32];
	u32 *tail = (u32 *)(ring.sq + ring.p.sq_off.tail);
	u32 slot = *tail & *(u32 *)(ring.sq + ring.p.sq_off.ring_mask);

	strcpy(paths[i], fifo(i));
	must(!mkfifo(paths[i], 0600));
	ring.sqe[slot] = (struct io_uring_sqe) {
		.opcode = IORING_OP_OPENAT, .flags = IOSQE_ASYNC, .fd = AT_FDCWD,
		.addr = (u64)paths[i], .open_flags = O_RDONLY,
	};
	((u32 *)(ring.sq + ring.p.sq_off.array))[slot] = slot;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, ring.fd, 1, 0, 0, NULL, 0) == 1);
}

static u32 completions(void)
{
	return *(volatile u32 *)(ring.cq + ring.p.cq_off.tail);
}

/* Threads of this process whose name says that io_uring made them. */
static u32 workers(void)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *d;
	u32 nr = 0;

	must(dir);
	while ((d = readdir(dir))) {
		char path[300], name[64] = "";
		int fd;

		snprintf(path, sizeof(path), "/proc/self/task/%s/comm", d->d_name);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		if (read(fd, name, sizeof(name) - 1) > 0)
			nr += !strncmp(name, "iou-", 4);
		close(fd);
	}
	closedir(dir);
	return nr;
}

static void child(void *page)
{
	_exit(probe_fault(page, VALUE) ? 1 : 0);
}

void test(void)
{
	void *page = probe_new(VALUE);
	int i, status, opened;
	long before;

	need_estp();
	/* Opens the device, which is a user, too. */
	stats();
	before = module_users();
	if (!ring_new(&ring))
		skip_all("io_uring_setup: %s", strerror(errno));
	for (i = 0; i < OPENS; i++)
		submit_open(i);
	ok(wait_until(workers() >= OPENS, 5000), "there are workers: %u", workers());

	is(probe_register(page), 0, "the first registration does not wait for them");
	is(probe_fault(page, VALUE), 0, "it diverts");
	is(module_users(), before + 1, "the module has one user more: the one thread");
	for (; i < 2 * OPENS; i++)
		submit_open(i);
	ok(wait_until(workers() >= 2 * OPENS, 5000), "workers made later: %u", workers());
	is(module_users(), before + 1, "they are no users either");
	is(madv_fence(), 0, "a fence does not wait for them");
	status = run_child(child, page, 5);
	ok(exited_with(status, 0), "a child of fork is as ever");
	is(completions(), 0, "twin: nothing is opened yet");

	for (i = 0, opened = 0; i < 2 * OPENS; i++)
		opened += wait_until(open(fifo(i), O_WRONLY | O_NONBLOCK | O_CLOEXEC) >= 0, 5000);
	is(opened, 2 * OPENS, "the other ends are opened");
	ok(wait_until(completions() == 2 * OPENS, 5000), "the workers complete");

	/*
	 * Idle workers end after 5 s, all but the last, which the kernel keeps. New ones are
	 * made when there is work and none is idle: as many as there are opens are at work.
	 */
	ok(wait_until(workers() <= 1, 10000), "the idle workers end: %u", workers());
	for (; i < 3 * OPENS; i++)
		submit_open(i);
	ok(wait_until(workers() >= OPENS, 5000), "more wait: %u", workers());
	is(madv_unregister(page, 1), 0, "unregistered beside it");
	ok(wait_until(module_users() == before, 5000), "the module has as many users as before");
	is(probe_fault(page, VALUE), -1, "twin: it does not divert");
	is(probe_register(page), 0, "registered again, workers waiting still");
	is(probe_fault(page, VALUE), 0, "it diverts");
	is(completions(), 2 * OPENS, "twin: they have waited all the time");
	ok(workers() >= OPENS, "none has ended");
}
