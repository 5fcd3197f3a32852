// SPDX-License-Identifier: MIT
/*
 * vm: --busybox --mem 768 --timeout 300 --append kmemleak=on
 * once: who finds a race once in a while has found one
 *
 * REG-1, UNREG-1, LIFE-1 to LIFE-9, DEV-1, MEM-4: whatever processes without privilege ask for,
 * from many threads, while they unmap, protect, fork, exec, trace, stop and kill each other,
 * write into each other's memory, share it without being threads, and let the kernel's own
 * accesses to theirs fail or wait: the kernel stays whole, others notice nothing, and all of it
 * can be unloaded afterwards.
 *
 * Method: processes of user 65534, three threads each, make random calls on an arena of
 * pages that holds nothing but instructions that fault or spin and places to respond to, and jump
 * into it; who dies of it is replaced. The random
 * numbers are those of a seed: FUZZ_SEED in the environment, 1 by default; FUZZ_SECONDS is
 * how long, 10 by default (the long mode: `make fuzz-guest`). A bystander of another user
 * with registrations of its own looks again and again whether they hold. Proof: calls of
 * each kind succeeded, registrations with each mask and cause, and each selector diverted. The rest is told by the kernel's log and by
 * the module, which must be unloadable, and by the leak detector of a kernel that has one.
 */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include "debug/leaks.h"
#include "hostile_calls.h"
#include "machine.h"

/* The guest has the shorter limit, which `make fuzz-guest` sets. */
const unsigned int test_seconds = 130000;

#define VALUE		0x1000
#define THREADS		3
#define LIFETIME_MS	(700 * slowness())	/* of one hostile process, then comes the next */
#define SLOWEST_S	90		/* until everything has to have happened once */

static long guarded_one(void *arg)
{
	const struct op *op = arg;

	return op->call(some_page());
}

/* Registration of any address; another's advice, which takes a privilege in 6.1. */
static bool may_fail(const struct op *op)
{
	return op->call == do_register_oddly || op->call == do_process_advise;
}

static void hostile(u32 nr)
{
	while (nr && !counts->stop) {
		u32 i = below(OP_NR);
		long err;

		if (below(60) >= ops[i].weight)
			continue;
		nr--;
		err = guarded(guarded_one, (void *)&ops[i]);
		jumping = false;
		__atomic_fetch_add(err ? &counts->failed[i] : &counts->done[i], 1, __ATOMIC_RELAXED);
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
}

static void *hostile_thread(void *arg)
{
	state = (u64)arg;
	start_timer();
	hostile(~0u);
	return NULL;
}

static void handler(int sig, siginfo_t *info, void *context)
{
	if (!jumping || below(2))
		return;
	frame_set_pc(context, (u64)some_page() + some_entry(page));
	frame_no_zeros(context);
}

static void hostile_process(u64 seed)
{
	struct sigaction action = { .sa_sigaction = handler, .sa_flags = SA_SIGINFO | SA_ONSTACK };
	struct rlimit processes = { 400, 400 };
	pthread_t thread;
	int i;

	/* What the harness says where a victim has gone meanwhile is no result. */
	must(freopen("/dev/null", "w", stdout));
	setrlimit(RLIMIT_NPROC, &processes);
	must(!setgid(65534) && !setuid(65534));
	/* Who was another user is not to be traced, unless it says so. */
	must(!prctl(PR_SET_DUMPABLE, 1));
	must(!sigaction(SIGUSR1, &action, NULL));
	must(!sigaction(SIGTRAP, &action, NULL));
	must(!sigaction(SIGVTALRM, &action, NULL));
	must(!sigaction(SIGPROF, &action, NULL));
	start_timer();
	for (i = 0; i < ARENA_PAGES; i++)
		fill(arena + i * page);
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

/* Somebody will want its CPU, as long as they are there. */
static bool preempted(void *p)
{
	struct spinner s;
	long result;

	spinner_start(&s, p, ESTP_PREEMPTION, -1);
	wait_until(s.done || counts->stop, 20000);
	result = spinner_end(&s);
	return result == PROBE_VALUE(VALUE, ESTP_PREEMPTION, 0) || (counts->stop && !result);
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
		if (madv_fence() || probe(g.page, VALUE, ESTP_INTERRUPT))
			_exit(3);
		if (!preempted(g.page))
			_exit(5);
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

static struct diversions {
	u64 of[ESTP_SELECTOR_NR];
} seen[PROCESSES], before;		/* of those that are there; of those that were */

/* What it has had until now; its death may lose us the last of them. */
static void ask(int nr)
{
	struct estp_stats s = { 0 };
	char path[32];
	int fd, i;

	snprintf(path, sizeof(path), "/proc/%d/mem", counts->pid[nr]);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	s.mem_fd = fd;
	if (!device_ioctl(ESTP_IOC_STATS, &s))
		for (i = 0; i < ESTP_SELECTOR_NR; i++)
			if (s.diversions[i] > seen[nr].of[i])
				seen[nr].of[i] = s.diversions[i];
	close(fd);
}

static void gone(int nr)
{
	int i;

	counts->pid[nr] = 0;
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		before.of[i] += seen[nr].of[i];
	seen[nr] = (struct diversions){ 0 };
}

/* There is no registering what this machine cannot do. */
static bool can_be(u32 rare)
{
	switch (rare) {
	case CLEARS_FP: return probe_can_clear_fp();
	case RESETS_KEYS: return probe_can_reset_pkey();
	default: return can_answer_memory_errors();
	}
}

/* Has everything happened that is to happen? */
static bool all_happened(void)
{
	u32 i;

	for (i = 0; i < OP_NR; i++)
		if (!counts->done[i] && !may_fail(&ops[i]))
			return false;
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		if (!before.of[i])
			return false;
	for (i = 0; i < RARE_NR; i++)
		if (!counts->rare[i] && can_be(i))
			return false;
	return counts->namespaces;
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

struct born {
	u64 processes, killed;		/* killed: before their time, by what they did */
};

/* For so long; longer on a slow machine, until all has happened. */
static struct born hostile_processes(u64 seed, u32 seconds)
{
	u64 begin = now_ms(), now, born_at[PROCESSES] = { 0 };
	struct born born = { 0 };
	int i;

	/* Not waited for where one is killed: another may trace it, and has to go before. */
	while ((now = now_ms() - begin) < seconds * 1000ull ||
	       (!all_happened() && now < SLOWEST_S * 1000 * slowness())) {
		for (i = 0; i < PROCESSES; i++) {
			if (counts->pid[i] && waitpid(counts->pid[i], NULL, WNOHANG)) {
				born.killed += now - born_at[i] <= LIFETIME_MS;
				gone(i);
			}
			if (counts->pid[i]) {
				ask(i);
				if (now - born_at[i] > LIFETIME_MS)
					kill(counts->pid[i], SIGKILL);
				continue;
			}
			born_at[i] = now;
			start(i, (seed * 0x9e3779b97f4a7c15ull + ++born.processes) | 1);
		}
		sleep_us(20000);
	}
	counts->stop = 1;
	end_all_of_nobody();
	for (i = 0; i < PROCESSES; i++)
		if (counts->pid[i]) {
			must(waitpid(counts->pid[i], NULL, 0) == counts->pid[i]);
			gone(i);
		}
	return born;
}

void test(void)
{
	static const char *const selector_name[] = {
		[ESTP_FAULT] = "FAULT", [ESTP_PREEMPTION] = "PREEMPTION", [ESTP_INTERRUPT] = "INTERRUPT",
	};
	static const char *const rare_name[] = {
		[CLEARS_FP] = "clear FP registers", [RESETS_KEYS] = "reset keys", [MEMORY_ERRORS] = "answer memory errors",
	};
	u32 seed = from_environment("FUZZ_SEED", 1), seconds = from_environment("FUZZ_SECONDS", 10), i;
	u64 calls = 0;
	struct born born;
	pid_t watcher;
	int status;

	need_estp();
	page = page_size();
	arena = pages_new(ARENA_PAGES);
	counts = shared(sizeof(*counts));
	diag("FUZZ_SEED=%u FUZZ_SECONDS=%u", seed, seconds);
	/* Whoever is root lets everybody, or nobody: the worse is what is looked at. */
	must(!write_file("/proc/sys/vm/unprivileged_userfaultfd", "1\n"));
	must(!system("cp /bin/busybox " PRIVILEGED " && chmod 4755 " PRIVILEGED));
	watcher = fork();
	must(watcher >= 0);
	if (!watcher)
		bystander(NULL);
	born = hostile_processes(seed, seconds);
	must(waitpid(watcher, &status, 0) == watcher);
	ok(exited_with(status, 0), "a bystander of another user noticed nothing (%s)", ending(status));
	for (i = 0; i < OP_NR; i++) {
		ok(counts->done[i] || may_fail(&ops[i]), "%s: %llu done, %llu failed", ops[i].name,
		   (unsigned long long)counts->done[i], (unsigned long long)counts->failed[i]);
		calls += counts->done[i] + counts->failed[i];
	}
	ok(counts->namespaces, "%llu children in user namespaces", (unsigned long long)counts->namespaces);
	ok(!counts->wrong, "process_madvise() did nothing of ours");
	for (i = 0; i < ESTP_SELECTOR_NR; i++)
		ok(before.of[i], "%llu diversions of %s",
		   (unsigned long long)before.of[i], selector_name[i]);
	for (i = 0; i < RARE_NR; i++)
		if (can_be(i))
			ok(counts->rare[i], "%llu registrations that %s", (unsigned long long)counts->rare[i], rare_name[i]);
		else
			skip("none can %s here", rare_name[i]);
	if (has_kmemleak())
		no_leaks();
	diag("%llu processes, %llu died of it; %llu calls", (unsigned long long)born.processes,
	     (unsigned long long)born.killed, (unsigned long long)calls);
}
