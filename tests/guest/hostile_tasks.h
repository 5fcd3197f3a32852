/* SPDX-License-Identifier: MIT */
/*
 * What hostile processes do as tasks, to themselves and to each other: calls as of hostile_calls.h.
 */
#ifndef HOSTILE_TASKS_H
#define HOSTILE_TASKS_H

#include <linux/filter.h>
#include <linux/membarrier.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/rseq.h>
#include <sys/time.h>

#include "hostile.h"

/* So many calls, one after another. */
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
		if (!below(3) && !unshare(CLONE_NEWUSER))
			__atomic_add_fetch(&counts->namespaces, 1, __ATOMIC_RELAXED);
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

/* Of root's, with the set-user-id bit: a traced one does not get it. */
#define PRIVILEGED "/tmp/privileged"

/* From a thread of several, which exec ends; or from a child that shares the memory. */
static long exec_it(const char *path)
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
		execl(path, "true", NULL);
		_exit(1);
	}
	/* Another thread may have reaped it. */
	return waitpid(pid, &status, 0) != pid || status ? -ECHILD : 0;
}

static long do_exec(u8 *p)
{
	return exec_it("/bin/true");
}

static long do_exec_privileged(u8 *p)
{
	return exec_it(PRIVILEGED);
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
	int err;

	if (!pid)
		return -ESRCH;
	err = kill(pid, sig[below(ARRAY_LEN(sig))]) ? -errno : 0;
	kill(pid, SIGCONT);
	return err;
}

/* Signals that look like a fault's or a trap's own, which one may send to oneself alone; blocked or not. */
static long do_queue(u8 *p)
{
	static const int signals[] = { SIGTRAP, SIGTRAP, SIGSEGV, SIGBUS, SIGILL, SIGUSR1 };
	static const int codes[] = { TRAP_BRKPT, TRAP_TRACE, TRAP_HWBKPT, SI_KERNEL, SI_QUEUE, SEGV_ACCERR };
	siginfo_t info = { .si_signo = signals[below(ARRAY_LEN(signals))], .si_code = codes[below(ARRAY_LEN(codes))] };
	sigset_t set;

	info.si_addr = (void *)some_address();
	sigemptyset(&set);
	sigaddset(&set, SIGTRAP);
	pthread_sigmask(below(2) ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
	return syscall(SYS_rt_tgsigqueueinfo, getpid(), gettid(), info.si_signo, &info) ? -errno : 0;
}

/* A filter that lets all pass; each system call goes through one more. */
static long do_seccomp(u8 *p)
{
	struct sock_filter all = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = { .len = 1, .filter = &all };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, below(2) ? SECCOMP_FILTER_FLAG_TSYNC : 0, &program) ?
	       -errno : 0;
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
		if (!below(3)) {
			tracee_set_pc(pid, below(8) ? (u64)some_page() + some_entry(page) : 0);
			tracee_no_zeros(pid);
		}
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

#endif
