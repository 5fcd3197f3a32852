/* SPDX-License-Identifier: MIT */
/*
 * The calls that hostile processes make, of 30 kinds, each with a page of the arena: 0, or what
 * was wrong. Which they are, and how often each, is in ops[].
 */
#ifndef HOSTILE_CALLS_H
#define HOSTILE_CALLS_H

#include <fcntl.h>
#include <linux/membarrier.h>
#include <linux/userfaultfd.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/time.h>
#include <sys/uio.h>

#include "hostile.h"

#define PROCESSES	4
#define OPS_MAX		40

static struct counts {
	u64 done[OPS_MAX], failed[OPS_MAX];
	volatile bool wrong;		/* something was done that cannot be */
	volatile u32 stop;
	volatile pid_t pid[PROCESSES];
} *counts;

static pid_t some_hostile(void)
{
	return counts->pid[below(PROCESSES)];
}

/* In a jump into the arena: a fault comes back, wherever it happens. */
static __thread volatile bool jumping;
/* Registered last, by whichever thread. */
static u8 *volatile recent;

/* ---- Calls of ours -------------------------------------------------------------------- */

/* As they happen to be; or one made so that it may well be accepted. */
static long do_register(u8 *p)
{
	long err;

	if (below(2))
		return madv_register(p, some_len());
	if (mmap(p, page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	fill(p);
	header((u64 *)p);
	err = madv_register(p, page);
	if (!err)
		recent = p;
	return err;
}

static long do_register_oddly(u8 *p)
{
	return madv_register((void *)some_address(), below(2) ? rnd() : some_len());
}

static long do_table(u8 *p)
{
	size_t len;
	struct estp_table *t = table(&len);
	long err = t ? madv_register(t, sizeof(*t)) : -ENOMEM;

	if (t)
		munmap(t, len);
	return err;
}

static long do_unregister(u8 *p)
{
	return madv_unregister(p, below(10) ? some_len() : rnd());
}

static long do_fence(u8 *p)
{
	return below(2) ? madv_fence() : madv_fence_cpu(below(10));
}

static long do_query(u8 *p)
{
	return madv_query(below(2) ? below(8) : (u32)rnd());
}

static long do_device(u8 *p)
{
	union {
		struct estp_stats stats;
		struct estp_list list;
		u64 word[8];
	} arg;
	unsigned long request = below(2) ? ESTP_IOC_STATS : ESTP_IOC_LIST;
	int fd, err, mem = -1;
	u32 i;

	for (i = 0; i < 8; i++)
		arg.word[i] = below(3) ? 0 : some_address();
	if (below(3)) {
		char path[32];

		snprintf(path, sizeof(path), "/proc/%d/mem", some_hostile());
		mem = open(path, O_RDONLY | O_CLOEXEC);
	}
	arg.stats.mem_fd = below(8) ? mem : (int)rnd();
	arg.stats.flags = below(8) ? 0 : (u32)rnd();
	fd = open(ESTP_DEVICE, O_RDWR | O_CLOEXEC);
	if (!below(10))
		request ^= 1u << below(32);
	err = ioctl(fd, request, below(10) ? &arg : (void *)some_address()) ? -errno : 0;
	close(fd);
	if (mem >= 0)
		close(mem);
	return err;
}

/* ---- Memory, under registrations -------------------------------------------------------- */

/* These write where another thread may have unmapped: they are guarded. */
static long do_scribble(u8 *p)
{
	*(u64 *)(p + 8 * below(64)) ^= 1ull << below(64);
	return 0;
}

static long do_header(u8 *p)
{
	fill(p);
	header((u64 *)p);
	return 0;
}

static long do_map(u8 *p)
{
	size_t len = (1 + below(3)) * page;

	if (p + len > arena + ARENA_PAGES * page)
		len = page;
	if (mmap(p, len, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return 0;
}

static long do_unmap(u8 *p)
{
	return munmap(p, page) ? -errno : 0;
}

static long do_move(u8 *p)
{
	void *to = below(2) ? some_page() : NULL;
	void *got = mremap(p, page, page, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0) |
			   (below(4) ? 0 : MREMAP_DONTUNMAP), to);

	return got == MAP_FAILED ? -errno : 0;
}

static long do_protect(u8 *p)
{
	static const int rights[] = {
		PROT_NONE, PROT_READ, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
		PROT_READ | PROT_WRITE | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
	};

	return mprotect(p, page, rights[below(ARRAY_LEN(rights))]) ? -errno : 0;
}

static long do_advise(u8 *p)
{
	static const int advices[] = {
		MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK,
		MADV_HUGEPAGE, MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE, MADV_FREE, 0x4552, 0x4557,
	};

	return madvise(p, page, advices[below(ARRAY_LEN(advices))]) ? -errno : 0;
}

/* By another system call, which takes none of ours. */
static long do_process_advise(u8 *p)
{
	struct iovec where = { p, some_len() };
	int fd = syscall(SYS_pidfd_open, getpid(), 0), advice = below(2) ? MADV_COLD : MADV_ESTP_REGISTER + (int)below(4);
	long done = fd < 0 ? -1 : syscall(SYS_process_madvise, fd, &where, 1, advice, 0);

	if (fd >= 0)
		close(fd);
	if (done >= 0 && advice != MADV_COLD)
		counts->wrong = true;
	return done < 0;
}

/* A file's page, registered or about to be, whose end moves before it: SIGBUS, -EFAULT. */
static long do_truncate(u8 *p)
{
	int fd = memfd_create("arena", MFD_CLOEXEC);
	long err;

	if (fd < 0)
		return -errno;
	if (ftruncate(fd, page) ||
	    mmap(p, page, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_SHARED | MAP_FIXED, fd, 0) ==
		    MAP_FAILED) {
		err = -errno;
	} else {
		if (below(4)) {
			fill(p);
			header((u64 *)p);
		}
		if (below(2))
			madv_register(p, page);
		err = ftruncate(fd, below(4) ? 0 : page / 2) ? -errno : 0;
		madv_register(p, page);
	}
	close(fd);
	return err;
}

/*
 * Missing pages of a part of the arena wait for somebody who does not come: threads that touch
 * them sleep until one of the others closes the descriptor.
 */
static long do_withhold(u8 *p)
{
	static int uffd = -1;
	int was = __atomic_exchange_n(&uffd, -1, __ATOMIC_RELAXED);
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (u64)p, page }, .mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	if (was >= 0)
		return close(was) ? -errno : 0;
	was = syscall(SYS_userfaultfd, O_CLOEXEC | UFFD_USER_MODE_ONLY);
	if (was < 0)
		return -errno;
	if (ioctl(was, UFFDIO_API, &api) || ioctl(was, UFFDIO_REGISTER, &range) ||
	    madvise(p, page, MADV_DONTNEED)) {
		close(was);
		return -errno;
	}
	was = __atomic_exchange_n(&uffd, was, __ATOMIC_RELAXED);
	if (was >= 0)
		close(was);
	return 0;
}

static long do_write_other(u8 *p)
{
	u64 word[8];
	struct iovec from = { word, sizeof(word) }, to = { p + some_entry(512), sizeof(word) };
	u32 i;

	for (i = 0; i < 8; i++)
		memcpy(&word[i], some_page() + some_entry(ANSWERS), sizeof(*word));
	if (below(2)) {
		header(word);
		to.iov_base = p;
	}
	return process_vm_writev(some_hostile(), &from, 1, &to, 1, 0) < 0 ? -errno : 0;
}

/* ---- Processes and threads ---------------------------------------------------------------- */

/* So many of them, one after another. */
static void hostile(u32 nr);

/* To this thread a signal each 5 ms of its time: whoever spins in the arena is brought away. */
static void start_timer(void)
{
	struct sigevent event = { .sigev_notify = SIGEV_THREAD_ID, .sigev_signo = SIGUSR1 };
	struct itimerspec often = { { 0, 5000000 }, { 0, 5000000 } };
	timer_t timer;

	event._sigev_un._tid = gettid();
	if (!timer_create(CLOCK_THREAD_CPUTIME_ID, &event, &timer))
		timer_settime(timer, 0, &often, NULL);
}

static long do_fork(u8 *p)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		alarm(1);
		/* Alone, so that it may: capabilities there, none here. */
		if (!below(3))
			unshare(CLONE_NEWUSER);
		start_timer();
		hostile(1 + below(40));
		_exit(0);
	}
	return 0;			/* reaped later */
}

static void *short_thread(void *arg)
{
	state = (u64)arg | 1;
	start_timer();
	hostile(1 + below(20));
	return NULL;
}

static long do_thread(u8 *p)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, 65536);
	err = pthread_create(&thread, &attr, short_thread, (void *)rnd());
	pthread_attr_destroy(&attr);
	return -err;
}

/* From a thread of several, which exec ends; or from a child that shares the memory. */
static long do_exec(u8 *p)
{
	bool threads = below(3) == 0;
	pid_t pid = threads ? fork() : vfork();
	pthread_t thread;
	int i, status;

	if (pid < 0)
		return -errno;
	if (!pid) {
		alarm(1);
		for (i = 0; threads && i < 2; i++)
			pthread_create(&thread, NULL, short_thread, (void *)rnd());
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	/* Another thread may have reaped it. */
	return waitpid(pid, &status, 0) != pid || status ? -ECHILD : 0;
}

/* It has this thread's errno, and no more of libc. */
static int shared_process(void *arg)
{
	u8 *p = arg;
	int i;

	for (i = 0; i < 8; i++) {
		madv_register(p, page);
		madv_fence();
		madv_unregister(p, 2 * page);
	}
	return 0;
}

/* A process of its own, with the same memory: a set of tasks that is no thread group. */
static long do_share(u8 *p)
{
	static u8 *stack;
	u8 *mine = __atomic_exchange_n(&stack, NULL, __ATOMIC_RELAXED);
	pid_t pid;
	int status;

	if (!mine)
		mine = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (mine == MAP_FAILED)
		return -errno;
	pid = clone(shared_process, mine + 65536, CLONE_VM | SIGCHLD, p);
	if (pid < 0)
		return -errno;
	/* Another thread may have reaped it: then the stack is given up, not used twice. */
	if (waitpid(pid, &status, 0) == pid)
		__atomic_store_n(&stack, mine, __ATOMIC_RELAXED);
	return 0;
}

static long do_signal(u8 *p)
{
	static const int sig[] = { SIGUSR1, SIGUSR1, SIGUSR1, SIGSTOP, SIGSEGV, SIGCONT };
	pid_t pid = some_hostile();
	int err = pid > 0 && kill(pid, sig[below(ARRAY_LEN(sig))]) ? -errno : 0;

	if (pid > 0)
		kill(pid, SIGCONT);
	return err;
}

/* Now and then more signals than there are instructions between them. */
static long do_timer(u8 *p)
{
	struct itimerval soon = { .it_interval.tv_usec = 1000 + below(30000) };

	soon.it_value.tv_usec = 1 + below(2000);
	return setitimer(below(2) ? ITIMER_VIRTUAL : ITIMER_PROF, &soon, NULL) ? -errno : 0;
}

/* Frames go where none can be written, or where they are code. */
static long do_stack(u8 *p)
{
	stack_t ss = { .ss_sp = (void *)some_address(), .ss_size = below(8) ? 8 * page : below(page) };

	if (!below(3))
		ss.ss_flags = SS_DISABLE;
	return sigaltstack(&ss, NULL) ? -errno : 0;
}

static long do_trace(u8 *p)
{
	pid_t pid = some_hostile();
	int i, status;

	if (pid <= 0 || pid == getpid())
		return -ESRCH;
	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL))
		return -errno;
	ptrace(PTRACE_INTERRUPT, pid, NULL, NULL);
	for (i = 0; i < 5; i++) {
		if (waitpid(pid, &status, __WALL) != pid || !WIFSTOPPED(status))
			break;
		if (!below(3))
			tracee_set_pc(pid, below(8) ? (u64)some_page() + some_entry(page) : 0);
		ptrace(below(2) ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, NULL, NULL);
		kill(pid, SIGUSR1);
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

static long do_place(u8 *p)
{
	static const int policy[] = { SCHED_OTHER, SCHED_BATCH, SCHED_IDLE };
	struct sched_param param = { 0 };
	u64 cpus = 1 + below(3);

	if (below(2))
		return sched_setscheduler(0, policy[below(ARRAY_LEN(policy))], &param) ? -errno : 0;
	return sched_setaffinity(0, sizeof(cpus), (cpu_set_t *)&cpus) ? -errno : 0;
}

static long do_membarrier(u8 *p)
{
	return syscall(SYS_membarrier, 1 << below(10), below(4) ? 0 : MEMBARRIER_CMD_FLAG_CPU,
		       below(4)) < 0 ? -errno : 0;
}

/* A critical section in the arena, whose abort handler lacks the signature: deadly, when met. */
static long do_rseq(u8 *p)
{
	static __thread struct rseq_cs cs;
	struct rseq *area = (void *)((u8 *)__builtin_thread_pointer() + __rseq_offset);

	if (!__rseq_size)
		return -ENOSYS;
	cs = (struct rseq_cs){
		.start_ip = (u64)p, .post_commit_offset = page / 2, .abort_ip = (u64)p + page - 16,
	};
	area->rseq_cs = (u64)&cs;
	return 0;
}

static long do_dumpable(u8 *p)
{
	return prctl(PR_SET_DUMPABLE, below(4) > 0) ? -errno : 0;
}

static long do_jump(u8 *p)
{
	u32 off = some_entry(below(4) ? 300 : ANSWERS);
	u8 *to = (below(4) && recent ? recent : p) + (below(2) ? off : (off | (SPIN_DISTANCE - 1)) + 1);
	long got;

	jumping = true;
	got = ((long (*)(void))to)();
	jumping = false;
	return got == ANSWER_VALUE ? 0 : -EINVAL;
}

/* How often, of 60: what ends or hangs its process is rare. */
static const struct op {
	const char *name;
	long (*call)(u8 *p);
	u32 weight;
} ops[] = {
	{ "register", do_register, 60 },
	{ "register, oddly", do_register_oddly, 30 },
	{ "table", do_table, 60 },
	{ "unregister", do_unregister, 60 },
	{ "fence", do_fence, 60 },
	{ "query", do_query, 30 },
	{ "device", do_device, 60 },
	{ "scribble", do_scribble, 60 },
	{ "header", do_header, 60 },
	{ "map", do_map, 60 },
	{ "unmap", do_unmap, 8 },
	{ "move", do_move, 60 },
	{ "protect", do_protect, 60 },
	{ "advise", do_advise, 60 },
	{ "process_madvise", do_process_advise, 15 },
	{ "truncate", do_truncate, 30 },
	{ "withhold", do_withhold, 6 },
	{ "write into another", do_write_other, 30 },
	{ "fork", do_fork, 15 },
	{ "exec", do_exec, 8 },
	{ "thread", do_thread, 30 },
	{ "share memory", do_share, 15 },
	{ "signal", do_signal, 60 },
	{ "timer", do_timer, 15 },
	{ "stack", do_stack, 15 },
	{ "trace", do_trace, 15 },
	{ "place", do_place, 15 },
	{ "membarrier", do_membarrier, 30 },
	{ "rseq", do_rseq, 4 },
	{ "dumpable", do_dumpable, 15 },
	{ "jump", do_jump, 60 },
};
#define OP_NR	((u32)ARRAY_LEN(ops))
_Static_assert(ARRAY_LEN(ops) <= OPS_MAX, "counts");

#endif
