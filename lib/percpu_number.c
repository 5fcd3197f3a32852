// SPDX-License-Identifier: MIT
/*
 * Where a thread finds its CPU number
 *
 *	libc has registered an area for rseq (glibc from 2.35 on):	libc's
 *	it has not (musl, older glibc, glibc.pthread.rseq=0):		ours, in TLS
 *
 * That is decided once a process: a token is the same in all threads. In the second case
 * a thread is registered when it is first found without a number: there is -1 until then,
 * so the first operation faults, and comes here. So it is for a thread of the first case
 * that libc could not register.
 *
 * Nothing here may be anything but async-signal-safe, but for estp_cpu_find_().
 */
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <estp/percpu.h>

#include "thread_pointer.h"

#ifndef AT_RSEQ_FEATURE_SIZE
#define AT_RSEQ_FEATURE_SIZE	27
#endif
#define UNREGISTER		1

/* The kernel's struct rseq as of 6.3. */
struct area {
	uint32_t cpu_id_start;
	int32_t cpu_id;
	uint64_t rseq_cs;
	uint32_t flags;
	uint32_t node_id;
	int32_t mm_cid;
	uint32_t padding;
} __attribute__((aligned(32)));

_Static_assert(sizeof(struct area) == 32, "the size of the first version of struct rseq");
#define CID_END (offsetof(struct area, mm_cid) + sizeof(int32_t))

/* libc's, if it knows of rseq at all; the size is 0 if it does not use it. */
extern const ptrdiff_t __rseq_offset __attribute__((weak));
extern const unsigned int __rseq_size __attribute__((weak));

/* Initial-exec: at the same distance from every thread's pointer. */
static _Thread_local struct area own __attribute__((tls_model("initial-exec"))) = {
	.cpu_id = -1,
	.mm_cid = -1,
};

static bool libc_has_area(void)
{
	const unsigned int *size = &__rseq_size;

	/* The compiler is not to conclude from the declaration that it is there. */
	__asm__("" : "+r"(size));
	return size && *size;
}

static struct area *area_at(ptrdiff_t offset)
{
	return (struct area *)(thread_pointer() + offset);
}

/* The area that this process uses, in this thread. */
static struct area *area_here(void)
{
	return libc_has_area() ? area_at(__rseq_offset) : &own;
}

#ifdef __GLIBC__
/*
 * A thread's TLS is given away only once the kernel has said that the thread is no more,
 * and the kernel writes to the area only on the way to user space: nothing to take back.
 */
static void leave_later(void) { }
static const bool left, can_leave = true;
#else
/*
 * A detached thread unmaps its own stack, TLS included, and then has some instructions
 * to go: meanwhile the kernel would kill it for an area that is not there. So it is
 * taken back in each round of destructors; others may use operations as well, which
 * get it once more. After the last round the thread has no number any more.
 */
static pthread_key_t key;
static pthread_once_t key_once = PTHREAD_ONCE_INIT;
static bool can_leave;		/* key is one */
static _Thread_local bool left __attribute__((tls_model("initial-exec")));

static void leave(void *round)
{
	sigset_t all, before;

	if ((uintptr_t)round < PTHREAD_DESTRUCTOR_ITERATIONS)
		pthread_setspecific(key, (char *)round + 1);
	else
		left = true;
	/* The kernel leaves a 0, which is somebody's number: no handler is to see it. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	syscall(SYS_rseq, &own, sizeof(own), UNREGISTER, RSEQ_SIGNATURE);
	own.mm_cid = -1;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void make_key(void)
{
	can_leave = !pthread_key_create(&key, leave);
}

/* musl's is a store: for signal handlers, too. */
static void leave_later(void)
{
	if (!pthread_getspecific(key))
		pthread_setspecific(key, (void *)1);
}
#endif

/*
 * A child of vfork(2), or of clone(2) with this memory, runs in its parent's TLS.  Registered there it would write
 * its CPU to the parent's area, where that would stay, nobody's any more: a number for good that is wrong.
 *
 * So whose memory this is stands on a page that a child with memory of its own finds wiped, by whatever call it was
 * made.  0, or no page: not known, or not yet.
 */
static volatile long *process;

static void forked(void)
{
	*process = syscall(SYS_getpid);
}

static void know_process(void)
{
	size_t len = (size_t)sysconf(_SC_PAGESIZE);
	void *page = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED)
		return;
	if (madvise(page, len, MADV_WIPEONFORK)) {
		munmap(page, len);
		return;
	}
	process = page;
	forked();
	pthread_atfork(NULL, NULL, forked);
}

__attribute__((constructor(101)))
static void start(void)
{
	know_process();
#ifndef __GLIBC__
	/* Here, where hardly anybody forks: in a child musl would wait for ever for a thread that it has left behind. */
	pthread_once(&key_once, make_key);
#endif
}

static bool is_vfork_child(void)
{
	return process && *process && *process != syscall(SYS_getpid);
}

static bool has_number(const struct area *area)
{
	return *(volatile const int32_t *)&area->cpu_id >= 0;
}

/* 0, this thread has a number; or -ENXIO. */
static int attach(struct area *area)
{
	int saved = errno;

	if (has_number(area))
		return 0;
	if (left || (area == &own && !can_leave) || is_vfork_child())
		return -ENXIO;
	/* It fails with EBUSY if a signal handler was faster. */
	if (!syscall(SYS_rseq, area, sizeof(*area), 0, RSEQ_SIGNATURE) && area == &own)
		leave_later();
	errno = saved;
	return has_number(area) ? 0 : -ENXIO;
}

/*
 * libc's area is of 32 bytes at least, whatever it says of the fields that it knows itself
 * (__rseq_size is 20 in glibc 2.40), because the kernel takes no smaller one; and a kernel
 * that has mm_cid writes it to every area.
 */
static bool has_cid(void)
{
	int saved = errno;
	bool has = getauxval(AT_RSEQ_FEATURE_SIZE) >= CID_END;

	errno = saved;
	return has;
}

int estp_cpu_find_(int by, ptrdiff_t *offset)
{
	struct area *area = area_here();
	int error;

	if (by == ESTP_BY_CID_ && !has_cid())
		return -EOPNOTSUPP;
#ifndef __GLIBC__
	pthread_once(&key_once, make_key);
#endif
	error = attach(area);
	if (error)
		return error;
	*offset = (by == ESTP_BY_CID_ ? (char *)&area->mm_cid : (char *)&area->cpu_id) -
		  thread_pointer();
	return 0;
}

/*
 * An operation faulted: 0, because this thread had no number, and now has, so that it is
 * worth another try; else why not.
 */
int estp_cpu_faulted_(ptrdiff_t offset)
{
	struct area *area = area_here();
	const char *at = thread_pointer() + offset;

	if (at != (char *)&area->cpu_id && at != (char *)&area->mm_cid)
		return -EINVAL;
	if (has_number(area))
		return -EFAULT;
	return attach(area);
}
