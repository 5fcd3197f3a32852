// SPDX-License-Identifier: MIT
/*
 * vm: --busybox --mem 768
 *
 * REG-1, UNREG-1, LIFE-1 to LIFE-9, DEV-1, MEM-4: whatever processes without privilege ask for,
 * from many threads, while they unmap, protect, fork, exec, trace, stop and kill each other:
 * the kernel stays whole, others notice nothing, and all of it can be unloaded afterwards.
 *
 * Method: processes of user 65534, three threads each, make random calls on an arena of
 * pages that holds nothing but instructions that fault, and jump into it. The random
 * numbers are those of a seed: FUZZ_SEED in the environment, 1 by default; FUZZ_SECONDS is
 * how long, 10 by default (the long mode: `make fuzz-guest`). A bystander of another user
 * with registrations of its own looks again and again whether they hold. Proof: calls of
 * each kind succeeded and failed, diversions happened. The rest is told by the kernel's log
 * and by the module, which must be unloadable.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 7200;

#define VALUE		0x1000
#define PROCESSES	4
#define THREADS		3
#define ARENA_PAGES	48
#define LIFETIME_MS	700		/* of one hostile process, then comes the next */

enum op {
	REGISTER, REGISTER_ODD, TABLE, UNREGISTER, FENCE, QUERY, SCRIBBLE, HEADER, MAP, UNMAP,
	MOVE, PROTECT, ADVISE, FORK, EXEC, THREAD, SIGNAL, TRACE, DEVICE, JUMP, OP_NR
};

static const char *const op_name[] = {
	"register", "register, oddly", "table", "unregister", "fence", "query", "scribble",
	"header", "map", "unmap", "move", "protect", "advise", "fork", "exec", "thread",
	"signal", "trace", "device", "jump",
};

static struct counts {
	u64 done[OP_NR], failed[OP_NR];
	u64 diversions;
	volatile u32 stop;
	volatile pid_t pid[PROCESSES];
} *counts;

static size_t page;
static u8 *arena;

/* ---- Random numbers --------------------------------------------------------------- */

static __thread u64 state;

static u64 rnd(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state * 0x2545f4914f6cdd1dull;
}

static u32 below(u32 nr)
{
	return (u32)(rnd() >> 33) % nr;
}

static u8 *some_page(void)
{
	return arena + below(ARENA_PAGES) * page;
}

static size_t some_len(void)
{
	return below(8) ? (1 + below(4)) * page : 1 + below(20 * page);
}

/* Mostly in the arena; now and then anything. */
static u64 some_address(void)
{
	switch (below(12)) {
	case 0: return rnd();
	case 1: return 0;
	case 2: return ~0ull - below(2 * page);
	case 3: return rnd() >> 17;
	default: return (u64)some_page() + (below(4) ? 0 : below(page));
	}
}

/* ---- What is done ------------------------------------------------------------------- */

static void fill(u8 *p, size_t len)
{
	size_t i;

	/* One byte each: whatever offset a jump or a response finds, it faults. */
	for (i = 0; i < len; i++)
		p[i] = probe_mine[i % probe_mine_len];
}

/* A header that is right, or nearly. */
static void header(u64 *word)
{
	u32 nr = 1 + below(6), at = ESTP_HEADER_LEN(nr), i;
	int selector = 0;

	word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, nr);
	for (i = 0; i < nr; i++) {
		u32 start = at + below(64), end = start + 1 + below(200);
		u32 response = 0x800 + 16 * below(64);

		if (i && !below(3) && selector < 2) {
			selector++;
			at = ESTP_HEADER_LEN(nr);
		}
		word[1 + i] = ESTP_DESCRIPTOR(selector, start, end, response);
		if (selector == ESTP_INTERRUPT)
			word[response / 8 - 1] = ESTP_PREFIX(below(4) ? 0 : 1u << below(16), 1, 0);
		at = start + 1;
	}
	if (!below(6))
		word[below(nr + 1)] ^= 1ull << below(64);
}

static int table(void)
{
	u32 nr = 1 + below(below(10) ? 8 : 300), i;
	size_t len = page + nr * sizeof(struct estp_entry);
	struct estp_table *t = mmap(NULL, len, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct estp_entry *e;
	int err;

	if (t == MAP_FAILED)
		return -ENOMEM;
	e = (void *)((u8 *)t + page);
	t->metadata = ESTP_METADATA(ESTP_LAYOUT_TABLE, nr);
	t->base = below(10) ? (u64)arena : some_address();
	t->entries = below(20) ? (u64)e : some_address();
	t->entry_size = below(20) ? 24 : below(64);
	t->flags = below(30) ? 0 : 1;
	for (i = 0; i < nr; i++) {
		e[i].start = below(ARENA_PAGES * page);
		e[i].length = 1 + below(below(4) ? 64 : 3 * page);
		e[i].response = below(4) ? e[i].start & ~0xfff : (int)below(ARENA_PAGES * page);
		e[i].selector = below(3);
		e[i].causes = e[i].selector == ESTP_FAULT ? 1 + below(15) : 0;
		e[i].response_len = e[i].selector == ESTP_INTERRUPT ? 1 + below(16) : 0;
		if (!below(50))
			((u8 *)&e[i])[below(24)] ^= 1u << below(8);
	}
	err = madv_register(t, sizeof(*t));
	munmap(t, len);
	return err;
}

/* As they happen to be; or one made so that it may well be accepted. */
static int register_some(u8 *p)
{
	if (below(2))
		return madv_register(p, some_len());
	if (mmap(p, page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	fill(p, page);
	header((u64 *)p);
	return madv_register(p, page);
}

static int remap(void)
{
	u8 *from = some_page();
	void *to = below(2) ? some_page() : NULL;
	void *got = mremap(from, page, page, MREMAP_MAYMOVE | (to ? MREMAP_FIXED : 0) |
			   (below(4) ? 0 : MREMAP_DONTUNMAP), to);

	return got == MAP_FAILED ? -errno : 0;
}

static int map(void)
{
	u8 *p = some_page();
	size_t len = (1 + below(3)) * page;

	if (p + len > arena + ARENA_PAGES * page)
		len = page;
	if (mmap(p, len, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		return -errno;
	return 0;
}

static const int rights[] = {
	PROT_NONE, PROT_READ, PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
	PROT_READ | PROT_WRITE | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
};

static const int advices[] = {
	MADV_DONTNEED, MADV_DONTFORK, MADV_DOFORK, MADV_WIPEONFORK, MADV_KEEPONFORK, MADV_HUGEPAGE,
	MADV_COLD, MADV_PAGEOUT, MADV_MERGEABLE, MADV_FREE, 0x4552, 0x4557,
};

static void hostile(u32 nr);

static int fork_one(void)
{
	pid_t pid = fork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		alarm(1);
		hostile(1 + below(40));
		_exit(0);
	}
	return 0;			/* reaped below */
}

static int exec_one(void)
{
	pid_t pid = vfork();

	if (pid < 0)
		return -errno;
	if (!pid) {
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	return 0;
}

static void *short_thread(void *arg)
{
	state = (u64)arg | 1;
	hostile(1 + below(20));
	return NULL;
}

static int thread_one(void)
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

static int signal_one(void)
{
	static const int sig[] = { SIGUSR1, SIGUSR1, SIGUSR1, SIGSTOP, SIGSEGV, SIGCONT };
	pid_t pid = counts->pid[below(PROCESSES)];
	int err = pid > 0 && kill(pid, sig[below(ARRAY_LEN(sig))]) ? -errno : 0;

	if (pid > 0)
		kill(pid, SIGCONT);
	return err;
}

static int trace_one(void)
{
	pid_t pid = counts->pid[below(PROCESSES)];
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
			tracee_set_pc(pid, some_address());
		ptrace(below(2) ? PTRACE_SINGLESTEP : PTRACE_CONT, pid, NULL, NULL);
		kill(pid, SIGUSR1);
	}
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return 0;
}

static int device_one(void)
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

		snprintf(path, sizeof(path), "/proc/%d/mem", counts->pid[below(PROCESSES)]);
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

static long jump(void *to)
{
	((void (*)(void))to)();
	return 0;
}

static int do_one(enum op op)
{
	u8 *p = some_page();

	switch (op) {
	case REGISTER: return register_some(p);
	case REGISTER_ODD: return madv_register((void *)some_address(), below(2) ? rnd() : some_len());
	case TABLE: return table();
	case UNREGISTER: return madv_unregister(p, below(10) ? some_len() : rnd());
	case FENCE: return below(2) ? madv_fence() : madv_fence_cpu(below(10));
	case QUERY: return madv_query(below(2) ? below(8) : (u32)rnd());
	/* These write where another thread may have unmapped: guarded() by the caller. */
	case SCRIBBLE: *(u64 *)(p + 8 * below(64)) ^= 1ull << below(64); return 0;
	case HEADER: fill(p, page); header((u64 *)p); return 0;
	case MAP: return map();
	case UNMAP: return below(8) ? 0 : munmap(p, page) ? -errno : 0;
	case MOVE: return remap();
	case PROTECT: return mprotect(p, page, rights[below(ARRAY_LEN(rights))]) ? -errno : 0;
	case ADVISE:
		return madvise(p, page, advices[below(ARRAY_LEN(advices))]) ? -errno : 0;
	case FORK: return below(4) ? 0 : fork_one();
	case EXEC: return below(8) ? 0 : exec_one();
	case THREAD: return below(2) ? 0 : thread_one();
	case SIGNAL: return signal_one();
	case TRACE: return below(4) ? 0 : trace_one();
	case DEVICE: return device_one();
	default: return 0;
	}
}

static long guarded_one(void *arg)
{
	return do_one(*(enum op *)arg);
}

static void hostile(u32 nr)
{
	while (nr-- && !counts->stop) {
		enum op op = below(OP_NR);
		long err = op == JUMP ? guarded(jump, some_page() + below(below(2) ? 400 : page)) :
					guarded(guarded_one, &op);

		__atomic_fetch_add(err ? &counts->failed[op] : &counts->done[op], 1,
				   __ATOMIC_RELAXED);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void *hostile_thread(void *arg)
{
	state = (u64)arg;
	hostile(~0u);
	return NULL;
}

static void ignore(int sig)
{
	(void)sig;
}

static void hostile_process(u64 seed)
{
	struct rlimit processes = { 400, 400 };
	pthread_t thread;
	int i;

	setrlimit(RLIMIT_NPROC, &processes);
	must(!setgid(65534) && !setuid(65534));
	signal(SIGUSR1, ignore);
	for (i = 0; i < ARENA_PAGES; i++)
		fill(arena + i * page, page);
	state = seed;
	for (i = 0; i < THREADS - 1; i++)
		pthread_create(&thread, NULL, hostile_thread, (void *)(rnd() | 1));
	hostile(~0u);
	_exit(0);
}

/* ---- Who is around ------------------------------------------------------------------- */

static u32 from_environment(const char *name, u32 otherwise)
{
	const char *text = getenv(name);

	return text ? (u32)strtoul(text, NULL, 0) : otherwise;
}

static void bystander(void *arg)
{
	struct guard g;
	u32 looked = 0;

	(void)arg;
	must(!setgid(1) && !setuid(1));
	guard_new(&g, VALUE);
	while (!counts->stop) {
		if (!guard_holds(&g))
			_exit(2);
		if (!madv_fence() && probe(g.page, VALUE, ESTP_INTERRUPT))
			_exit(3);
		looked++;
	}
	_exit(looked ? 0 : 4);
}

static void start(int i, u64 seed)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		setpgid(0, 0);
		hostile_process(seed);
	}
	counts->pid[i] = pid;
}

static void end(int i)
{
	pid_t pid = counts->pid[i];
	struct estp_stats s = { 0 };
	char path[32];
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/mem", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		s.mem_fd = fd;
		if (!device_ioctl(ESTP_IOC_STATS, &s))
			counts->diversions += s.diversions[0] + s.diversions[1] + s.diversions[2];
		close(fd);
	}
	counts->pid[i] = 0;
	kill(pid, SIGKILL);
	must(waitpid(pid, NULL, 0) == pid);
}

/* Children of children, whatever group they are in. */
static void end_all_of_nobody(void)
{
	pid_t pid = fork();

	must(pid >= 0);
	if (!pid) {
		if (setuid(65534))
			_exit(1);
		kill(-1, SIGKILL);
		_exit(0);
	}
	/* Not any child: the bystander is one, too, and may have ended. */
	must(waitpid(pid, NULL, 0) == pid);
}

void test(void)
{
	u32 seed = from_environment("FUZZ_SEED", 1), seconds = from_environment("FUZZ_SECONDS", 10);
	u64 until = now_ms() + seconds * 1000ull, calls = 0, born = 0;
	int i, status;
	pid_t watcher;

	need_estp();
	page = page_size();
	arena = pages_new(ARENA_PAGES);
	counts = shared(sizeof(*counts));
	diag("FUZZ_SEED=%u FUZZ_SECONDS=%u", seed, seconds);
	watcher = fork();
	must(watcher >= 0);
	if (!watcher)
		bystander(NULL);
	while (now_ms() < until) {
		for (i = 0; i < PROCESSES; i++)
			start(i, (seed * 0x9e3779b97f4a7c15ull + ++born) | 1);
		sleep_us(LIFETIME_MS * 1000);
		for (i = 0; i < PROCESSES; i++)
			end(i);
	}
	counts->stop = 1;
	end_all_of_nobody();
	must(waitpid(watcher, &status, 0) == watcher);
	ok(exited_with(status, 0), "a bystander of another user noticed nothing (%s)", ending(status));
	for (i = 0; i < OP_NR; i++) {
		diag("%s: %llu done, %llu failed", op_name[i], (unsigned long long)counts->done[i],
		     (unsigned long long)counts->failed[i]);
		calls += counts->done[i] + counts->failed[i];
	}
	diag("%llu processes, %llu calls, %llu diversions", (unsigned long long)born,
	     (unsigned long long)calls, (unsigned long long)counts->diversions);
	ok(counts->done[REGISTER] && counts->failed[REGISTER], "pages were registered, and refused");
	ok(counts->done[TABLE] && counts->failed[TABLE], "and tables");
	ok(counts->diversions, "and diversions happened");
}
