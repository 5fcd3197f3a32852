// SPDX-License-Identifier: MIT
/*
 * MOD-1, MOD-3, MOD-4, MOD-6: loading and unloading is safe while the machine is busy in
 * everything that the module hooks: context switches, signals, faults, of the kernel as
 * well, forks, execs, exits, madvise; and while others register: as long as they are registered, they are
 * protected, and unloading fails.
 *
 * Method: processes without registrations do all of that without pause, and check what
 * they get; others try to register, and, where that succeeds, must find themselves
 * protected until they unregister or exit. Meanwhile the module is loaded and unloaded.
 * Proof: so many loads, unloads that succeed and unloads that fail, registrations that
 * succeed and ones that are EINVAL. A kernel that crashes, or complains, fails the run.
 *
 * One CPU on x86_64: QEMU before 8.1, running several, can execute code that another of them has
 * just replaced, which is what loading and unloading does.
 *
 * vm: --no-load
 * vm x86_64: --cpus 1
 */
#include <sys/prctl.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define RUN_MS	10000
#define LOADS	5		/* enough, if all else was seen */

static struct shared_counts {
	volatile u32 stop;
	u64 faults, kernel_faults, signals, switches, forks, advices, wrong, protected, refused;
} *counts;

#define count(field) __atomic_add_fetch(&counts->field, 1, __ATOMIC_RELAXED)

static void on_signal(int sig)
{
	(void)sig;
	count(signals);
}

/* Faults, and signals to itself. */
static void faults_and_signals(void)
{
	void *p = probe_new(VALUE);

	signal(SIGUSR1, on_signal);
	while (!counts->stop) {
		if (probe_load(p, NULL) != PROBE_FAULTED)
			count(wrong);
		count(faults);
		/* Fixed up by the kernel's exception tables. */
		if (!syscall(SYS_uname, (void *)8) || errno != EFAULT)
			count(wrong);
		count(kernel_faults);
		raise(SIGUSR1);
		if (counts->faults % 64 == 0)
			sleep_us(500);
	}
}

static void forks_and_advice(void)
{
	size_t page = page_size();
	u8 *mem = pages_new(4);

	while (!counts->stop) {
		int status;
		pid_t pid = fork();

		if (!pid)
			_exit(7);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !exited_with(status, 7))
			count(wrong);
		count(forks);
		mem[0] = 1;
		if (madvise(mem, 4 * page, MADV_DONTNEED) || mem[0])
			count(wrong);
		/* Between the values that the module takes for its own. */
		if (!madvise(mem, page, 0x4552) || errno != EINVAL)
			count(wrong);
		count(advices);
		sleep_us(500);
	}
}

/* Two that hand a byte to and fro: context switches. */
static void switches(void)
{
	int to[2], fro[2];
	char byte = 0;

	must(!pipe(to) && !pipe(fro));
	if (!fork()) {
		close(to[1]);
		close(fro[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (read(to[0], &byte, 1) == 1 && write(fro[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	while (!counts->stop)
		if (write(to[1], &byte, 1) != 1 || read(fro[0], &byte, 1) != 1 ||
		    (counts->switches++ % 64 == 0 && usleep(500)))
			count(wrong);
	close(to[1]);
	wait(NULL);
}

/* A short-lived process that registers if it can; then it is protected all the time. */
static void visitor(void)
{
	void *p = probe_new(VALUE), *q = probe_new(VALUE + 0x100);
	int err = probe_register(p), i;

	if (err == -EINVAL) {
		count(refused);
		_exit(0);
	}
	if (err)
		_exit(1);
	for (i = 0; i < 50; i++) {
		if (probe_fault(p, VALUE))
			_exit(2);
		if (i % 10 == 0)
			sleep_us(2000);
		if (i == 20 && (probe_register(q) || madv_fence()))
			_exit(3);
		if (i == 30 && madv_unregister(q, page_size()))
			_exit(4);
	}
	count(protected);
	if (gettid_() & 1)
		madv_unregister(p, page_size());
	_exit(0);
}

static void visitors(void)
{
	while (!counts->stop) {
		int status;
		pid_t pid = fork();

		if (!pid)
			visitor();
		if (pid < 0 || waitpid(pid, &status, 0) != pid || !exited_with(status, 0))
			count(wrong);
		sleep_us(3000);
	}
}

static void (*const loads[])(void) = {
	faults_and_signals, forks_and_advice, switches, visitors, visitors,
};

void test(void)
{
	pid_t pids[ARRAY_LEN(loads)];
	u32 loaded = 0, unloaded = 0, busy = 0, other = 0, died = 0, i;
	int status;
	u64 end;

	counts = shared(sizeof(*counts));
	for (i = 0; i < ARRAY_LEN(loads); i++) {
		pids[i] = fork();
		must(pids[i] >= 0);
		if (!pids[i]) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			loads[i]();
			_exit(0);
		}
	}
	sleep_us(200000);
	/* Longer where it is slow, but not for ever. */
	for (end = now_ms() + RUN_MS; (now_ms() < end || loaded < 2 || !busy) &&
	     now_ms() < end + 60000 && !(loaded >= LOADS && busy);) {
		u64 before = counts->protected, patience;
		int err = module_load("");

		if (err) {
			other++;
			break;
		}
		loaded++;
		/* Now and then at once; else when others have come to rely on it. */
		if (loaded % 3)
			wait_until(counts->protected > before + 2, 3000);
		patience = now_ms() + 15000;
		while ((err = module_unload())) {
			if (err != -EBUSY && err != -EAGAIN) {
				other++;
				break;
			}
			busy++;
			sleep_us(500);
			if (now_ms() > patience)
				break;
		}
		unloaded += !err;
		sleep_us(10000 + loaded % 3 * 10000);
	}
	counts->stop = 1;
	for (i = 0; i < ARRAY_LEN(loads); i++) {
		must(waitpid(pids[i], &status, 0) == pids[i]);
		if (!exited_with(status, 0))
			diag("load %u: %s", i, ending(status));
		died += !exited_with(status, 0);
	}

	diag("%u loads, %u unloads, %u refused; %llu visitors protected, %llu refused", loaded,
	     unloaded, busy, (unsigned long long)counts->protected,
	     (unsigned long long)counts->refused);
	diag("%llu faults, %llu of the kernel, %llu signals, %llu forks, %llu advices", (unsigned long long)counts->faults,
	     (unsigned long long)counts->kernel_faults, (unsigned long long)counts->signals, (unsigned long long)counts->forks,
	     (unsigned long long)counts->advices);
	final(is(counts->wrong, 0, "nobody got anything wrong"));
	final(is(died, 0, "nor died of it"));
	ok(loaded > 1 && unloaded == loaded, "it was loaded and unloaded %u times", loaded);
	is(other, 0, "and failed in no other way than by being in use");
	ok(busy, "unloading was refused while there were registrations");
	ok(counts->protected && counts->refused,
	   "visitors met it loaded, and unloaded: then EINVAL");
	ok(counts->faults > 100 && counts->kernel_faults > 100 && counts->signals > 100 && counts->forks > 20 &&
	   counts->advices > 20 && counts->switches > 100, "the load was one");
}
