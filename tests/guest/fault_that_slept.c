// SPDX-License-Identifier: MIT
/*
 * FLT-5, EVT-3, PRE-6: a fault that slept and then failed is judged at the
 * faulting pc: it goes to the FAULT response, never to a SIGSEGV or SIGBUS
 * handler, though the sleep made a PREEMPTION due for the very same span.
 *
 * Method: one load is both a FAULT and a PREEMPTION span. It faults on a page
 * that userfaultfd watches and sleeps; then the page is unmapped (SIGSEGV), or its
 * file truncated (SIGBUS), and the sleeper woken. A kernel that wrote the pc when
 * the thread left its CPU would look the fault up at the wrong place: so many
 * rounds, the handlers must never run. The twin's handler does.
 */
#include "harness.h"

#define FAULTED		1
#define LOADED		2
#define PREEMPTED	3
#define HANDLED		4
#define SEGV_ROUNDS	2000
#define BUS_ROUNDS	300

static int uffd, file = -1;
static size_t page;
static struct code *code;
static u32 entry, handled;

/* The loader: goes through the code once for each address that it is given. */
static struct {
	u32 asked, done;
	volatile pid_t tid;
	u64 addr;
	struct regs in, out;
} loader;

static void *load_all(void *arg)
{
	u32 seen = 0;

	pin(cpus_nr() - 1);
	loader.tid = gettid_();
	for (;;) {
		while (__atomic_load_n(&loader.asked, __ATOMIC_SEQ_CST) == seen)
			sched_yield();
		seen++;
		regs_run(&loader.in, &loader.out, code_addr(code, entry));
		__atomic_store_n(&loader.done, seen, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, handled));
}

static void *map_watched(int sig)
{
	void *mem;

	if (sig == SIGBUS)
		must(!ftruncate(file, page));
	mem = mmap(NULL, page, PROT_READ, sig == SIGBUS ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
		   sig == SIGBUS ? file : -1, 0);
	must(mem != MAP_FAILED);
	userfault_withhold(uffd, mem, page);
	return mem;
}

/* One load that sleeps and fails; where it landed. */
static u32 fail_once(int sig, u32 seed)
{
	void *mem = map_watched(sig);
	u32 want = loader.done + 1;

	regs_fill(&loader.in, seed);
	regs_set_arg(&loader.in, (u64)mem);
	code_reset(code);
	__atomic_add_fetch(&loader.asked, 1, __ATOMIC_SEQ_CST);
	/* Told when the faulting thread has queued itself to sleep. */
	while (!userfault_next(uffd)) {
		if (__atomic_load_n(&loader.done, __ATOMIC_SEQ_CST) == want)
			goto out;	/* preempted before it loaded */
		sched_yield();
	}
	if (seed % 4 == 0)
		must(wait_asleep(loader.tid, 2000));
	if (sig == SIGBUS)
		must(!ftruncate(file, 0));
	else
		must(!munmap(mem, page));
	userfault_wake(uffd, mem);
	if (!wait_until(__atomic_load_n(&loader.done, __ATOMIC_SEQ_CST) == want, 5000))
		bail("the loader does not come back");
out:
	munmap(mem, page);
	return code->data->landed;
}

static void registered(int sig, unsigned int rounds)
{
	unsigned int faulted = 0, preempted = 0, intact = 0, i;
	u64 before = diverted(ESTP_FAULT), end = now_ms() + 4000;

	caught_reset();
	/* A slow machine is content with a quarter. */
	for (i = 0; i < rounds / 4 || (i < rounds && now_ms() < end); i++) {
		u32 landed = fail_once(sig, i);

		faulted += landed == FAULTED;
		preempted += landed == PREEMPTED;
		intact += !regs_diff(&loader.out, &loader.in, "after the fault");
		if (caught->nr)
			break;
	}
	final(is(caught->nr, 0, "signal %d: no handler ran in %u rounds", sig, i));
	is(faulted + preempted, i, "every load was diverted");
	ok(preempted * 50 <= i, "to the FAULT response; %u were preempted before the load",
	   preempted);
	is(intact, i, "no register changed");
	is(diverted(ESTP_FAULT) - before, faulted, "the kernel counted as many");
}

void test(void)
{
	u32 start, end, faulted, preempted;
	pthread_t thread;
	unsigned int i;

	need_estp_and_counters();
	need_cpus(2);
	page = sysconf(_SC_PAGESIZE);
	uffd = userfault_open();
	if (uffd < 0)
		skip_all("no userfaultfd: %s", strerror(errno));
	file = memfd_create("truncated", MFD_CLOEXEC);
	must(file >= 0);
	pin(0);

	code = code_new(1);
	entry = emit_inside(code);
	start = emit_load(code);
	end = code->at;
	emit_land(code, LOADED);
	faulted = emit_land(code, FAULTED);
	preempted = emit_land(code, PREEMPTED);
	handled = emit_land(code, HANDLED);
	code_describe(code, (struct seq) { .selector = ESTP_PREEMPTION, .start = start,
					   .end = end, .response = preempted });
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
					   .end = end, .response = faulted });
	code_seal(code);
	must(!code_register(code, ESTP_LAYOUT_PAGE));
	catch_signal(SIGSEGV, 0);
	catch_signal(SIGBUS, 0);
	caught_hook = recover;
	must(!pthread_create(&thread, NULL, load_all, NULL));

	registered(SIGSEGV, SEGV_ROUNDS);
	registered(SIGBUS, BUS_ROUNDS);

	must(!code_unregister(code));
	caught_reset();
	for (i = 0; i < 5; i++)
		fail_once(SIGSEGV, i);
	is(caught->nr, 5, "twin: the SIGSEGV handler runs each time");
	is(code->data->landed, HANDLED, "twin: and decides where to go");
	caught_reset();
	for (i = 0; i < 5; i++)
		fail_once(SIGBUS, i);
	is(caught->nr, 5, "twin: the SIGBUS handler runs each time");
}
