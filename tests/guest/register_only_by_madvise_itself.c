// SPDX-License-Identifier: MIT
/*
 * REG-6: by process_madvise(2) and by io_uring our advice is EINVAL, as on a kernel
 * without ESTP, for the caller's own address space as for another's; nothing changes.
 *
 * Method: raw system calls. The twin of each way is an advice that it knows
 * (MADV_COLD; MADV_WILLNEED), which must succeed; the twin of each request is
 * madvise(2) itself.
 */
#include <linux/io_uring.h>
#include <sys/uio.h>

#include "probe.h"

#define VALUE	0x1000

static struct guard guard;
static void *fresh;

static const struct {
	const char *name;
	int advice;
} requests[] = {
	{ "REGISTER", MADV_ESTP_REGISTER },
	{ "UNREGISTER", MADV_ESTP_UNREGISTER },
	{ "FENCE", MADV_ESTP_FENCE },
	{ "QUERY", MADV_ESTP_QUERY },
};

/* The arguments with which madvise(2) itself would accept a request. */
static struct iovec arguments(int advice)
{
	struct iovec v = { NULL, 0 };

	if (advice == MADV_ESTP_REGISTER || advice == MADV_COLD || advice == MADV_WILLNEED)
		v = (struct iovec) { fresh, page_size() };
	else if (advice == MADV_ESTP_UNREGISTER)
		v = (struct iovec) { guard.page, page_size() };
	else if (advice == MADV_ESTP_QUERY)
		v.iov_len = ESTP_FEATURE_PAGE;
	return v;
}

/* process_madvise ---------------------------------------------------------------- */

static int process_call(int pidfd, int advice)
{
	struct iovec v = arguments(advice);
	long ret = syscall(SYS_process_madvise, pidfd, &v, 1, advice, 0);

	return ret < 0 ? -errno : 0;
}

static void by_process_madvise(pid_t pid, const char *whose)
{
	int pidfd = syscall(SYS_pidfd_open, pid, 0);
	unsigned int i;

	must(pidfd >= 0);
	is(process_call(pidfd, MADV_COLD), 0, "twin: process_madvise of %s, MADV_COLD", whose);
	for (i = 0; i < ARRAY_LEN(requests); i++)
		left_alone(&guard, process_call(pidfd, requests[i].advice), EINVAL,
			   "%s by process_madvise of %s", requests[i].name, whose);
	close(pidfd);
}

/* io_uring ------------------------------------------------------------------------ */

struct ring {
	int fd;
	struct io_uring_params p;
	u8 *sq, *cq;
	struct io_uring_sqe *sqe;
};

static bool ring_new(struct ring *r)
{
	size_t sq_len, cq_len;

	memset(r, 0, sizeof(*r));
	r->fd = syscall(SYS_io_uring_setup, 4, &r->p);
	if (r->fd < 0)
		return false;
	sq_len = r->p.sq_off.array + r->p.sq_entries * sizeof(u32);
	cq_len = r->p.cq_off.cqes + r->p.cq_entries * sizeof(struct io_uring_cqe);
	r->sq = mmap(NULL, sq_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_SQ_RING);
	r->cq = mmap(NULL, cq_len, PROT_READ | PROT_WRITE, MAP_SHARED, r->fd,
		     IORING_OFF_CQ_RING);
	r->sqe = mmap(NULL, r->p.sq_entries * sizeof(*r->sqe), PROT_READ | PROT_WRITE,
		      MAP_SHARED, r->fd, IORING_OFF_SQES);
	must(r->sq != MAP_FAILED && r->cq != MAP_FAILED && r->sqe != MAP_FAILED);
	return true;
}

static int ring_call(struct ring *r, int advice)
{
	u32 *tail = (u32 *)(r->sq + r->p.sq_off.tail), *head = (u32 *)(r->cq + r->p.cq_off.head);
	u32 mask = *(u32 *)(r->sq + r->p.sq_off.ring_mask), i = *tail & mask;
	struct io_uring_cqe *cqe = (struct io_uring_cqe *)(r->cq + r->p.cq_off.cqes);
	struct iovec v = arguments(advice);
	int result;

	r->sqe[i] = (struct io_uring_sqe) {
		.opcode = IORING_OP_MADVISE, .fd = -1, .addr = (u64)v.iov_base,
		.len = v.iov_len, .fadvise_advice = advice,
	};
	((u32 *)(r->sq + r->p.sq_off.array))[i] = i;
	__atomic_store_n(tail, *tail + 1, __ATOMIC_RELEASE);
	must(syscall(SYS_io_uring_enter, r->fd, 1, 1, IORING_ENTER_GETEVENTS, NULL, 0) == 1);
	must(__atomic_load_n((u32 *)(r->cq + r->p.cq_off.tail), __ATOMIC_ACQUIRE) != *head);
	result = cqe[*head & *(u32 *)(r->cq + r->p.cq_off.ring_mask)].res;
	__atomic_store_n(head, *head + 1, __ATOMIC_RELEASE);
	return result;
}

static void by_io_uring(void)
{
	struct ring ring;
	unsigned int i;

	if (!ring_new(&ring)) {
		skip("io_uring_setup: %s", strerror(errno));
		return;
	}
	is(ring_call(&ring, MADV_WILLNEED), 0, "twin: io_uring, MADV_WILLNEED");
	for (i = 0; i < ARRAY_LEN(requests); i++)
		left_alone(&guard, ring_call(&ring, requests[i].advice), EINVAL,
			   "%s by io_uring", requests[i].name);
	close(ring.fd);
}

static void sleep_for_ever(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

void test(void)
{
	unsigned int i;
	pid_t child;

	need_estp();
	fresh = probe_new(VALUE + 0x100);
	guard_new(&guard, VALUE);
	child = fork();
	must(child >= 0);
	if (!child)
		sleep_for_ever(NULL);

	by_process_madvise(getpid(), "itself");
	by_process_madvise(child, "a child with the same pages");
	is(stats_of(child).pages, guard.stats.pages, "the child's set has not changed either");
	by_io_uring();
	is(stats().fences, 0, "no fence was counted");
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);

	for (i = ARRAY_LEN(requests); i-- > 0;) {
		struct iovec v = arguments(requests[i].advice);

		is(madvise(v.iov_base, v.iov_len, requests[i].advice), 0,
		   "twin: %s by madvise", requests[i].name);
	}
}
