// SPDX-License-Identifier: MIT
/*
 * LIFE-13, MEM-3, LIM-9: exit, a fatal signal, exec and the OOM killer release
 * everything that a process had registered, whatever its threads were doing; a child
 * keeps what is its own.
 *
 * Method: processes with pages, entries and threads, some in sequences, some asleep, end
 * in each way. The module's own count of users, which has one for each thread of a
 * registered address space, must come back to what it was; and so must the kernel
 * memory of their memory cgroup, where all of it is charged. The twin, before each end,
 * is that there is more.
 */
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define PAGES	400
#define SET_BYTES (PAGES * 400)	/* what the set takes at least */
#define REST_BYTES (SET_BYTES / 2)	/* caches, late frees: less than a set */
#define GROUP	"small"

static size_t page;

static volatile u32 *ready;		/* shared: 1 ready, 2 go */

/* Pages with many descriptors, so that there is something to see. */
static u8 *populate(void)
{
	u8 *p = pages_new(PAGES);
	u64 *word;
	u32 i, k;

	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
		if (!i)
			continue;
		word = (u64 *)(p + i * page);
		word[0] = ESTP_METADATA(ESTP_LAYOUT_PAGE, 17);
		for (k = 0; k < 17; k++)
			word[1 + k] = ESTP_DESCRIPTOR(ESTP_FAULT, 0x200 + INSNS(k), 0x300, 0x300);
	}
	must(!madv_register(p, PAGES * page));
	must(!probe_register_table(p, 1));
	return p;
}

static void *asleep(void *arg)
{
	for (;;)
		pause();
	return arg;
}

static void *by_exit_of(void *arg)
{
	must(wait_until(*ready == 2, 10000));
	_exit((long)arg);
}

/* A registered process: main, two spinners, a sleeper; ready when all are in place. */
static void inhabit(void)
{
	static struct spinner s[2];
	pthread_t thread;
	u8 *p = populate();

	spinner_start(&s[0], p, ESTP_PREEMPTION, -1);
	spinner_start(&s[1], p, ESTP_INTERRUPT, -1);
	must(!pthread_create(&thread, NULL, asleep, NULL));
}

static void ready_to_go(void)
{
	*ready = 1;
	if (!wait_until(*ready == 2, 10000))
		_exit(99);
}

static void by_exit(void)
{
	inhabit();
	ready_to_go();
	_exit(7);
}

static void by_thread_exit(void)
{
	pthread_t thread;

	inhabit();
	must(!pthread_create(&thread, NULL, by_exit_of, (void *)7l));
	*ready = 1;
	asleep(NULL);
}

static void by_first_thread_only(void)
{
	pthread_t thread;

	inhabit();
	must(!pthread_create(&thread, NULL, by_exit_of, (void *)7l));
	*ready = 1;
	pthread_exit(NULL);
}

static void by_fault(void)
{
	inhabit();
	ready_to_go();
	/* Outside of guarded(), the handler gives up. */
	((long (*)(void *))((u8 *)probe_new(VALUE) + probe_seq[ESTP_FAULT].start))(NULL);
}

static void by_kill(void)
{
	inhabit();
	ready_to_go();
	kill(getpid(), SIGKILL);
	asleep(NULL);
}

static void by_exec(void)
{
	char *const arguments[] = { "true", NULL }, *const env[] = { "JUST_EXIT=1", NULL };

	inhabit();
	ready_to_go();
	execve("/proc/self/exe", arguments, env);
	_exit(98);
}

__attribute__((constructor))
static void new_program(void)
{
	if (getenv("JUST_EXIT"))
		_exit(7);
}

/* The last reference to its memory is another process's. */
static int outlive(void *arg)
{
	(void)arg;
	sleep_us(20000);
	_exit(0);
}

static void by_clone_that_outlives(void)
{
	u8 *stack = pages_new(16);

	inhabit();
	ready_to_go();
	must(clone(outlive, stack + 16 * page, CLONE_VM, NULL) > 0);
	_exit(7);
}

/* More memory than its group may have, touched while registered. */
static void by_oom(void)
{
	size_t len = 64 << 20, i;
	u8 *mem;

	inhabit();
	ready_to_go();
	mem = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	for (i = 0; i < len; i += page)
		mem[i] = 1;
	_exit(97);
}

static const struct end {
	const char *name;
	void (*fn)(void);
	int code, signal;
} ends[] = {
	{ "exit", by_exit, 7, 0 },
	{ "exit by another thread", by_thread_exit, 7, 0 },
	{ "exit after the first thread has gone", by_first_thread_only, 7, 0 },
	{ "SIGSEGV", by_fault, 0, SIGSEGV },
	{ "SIGKILL", by_kill, 0, SIGKILL },
	{ "exec", by_exec, 7, 0 },
	{ "exit, the memory outliving it in another process", by_clone_that_outlives, 7, 0 },
	{ "the OOM killer", by_oom, 0, SIGKILL },
};

static void try(const struct end *end, long users_before)
{
	int status;
	pid_t pid;

	*ready = 0;
	pid = fork();
	must(pid >= 0);
	if (!pid) {
		memory_group(GROUP, true);
		end->fn();
		_exit(96);
	}
	if (!wait_until(*ready == 1, 10000))
		bail("%s: it does not get ready", end->name);
	/* A spinner may have been preempted by now, and so ended. */
	ok(module_users() >= users_before + 3 && memory_charged(GROUP) >= SET_BYTES,
	   "twin: before %s: %ld more users, %ld bytes", end->name, module_users() - users_before,
	   memory_charged(GROUP));
	*ready = 2;
	must(waitpid(pid, &status, 0) == pid);
	if (!ok(end->signal ? killed_by(status, end->signal) : exited_with(status, end->code),
		"%s: it ends so", end->name))
		diag("ended by %s", ending(status));
	ok(wait_until(module_users() == users_before, 5000), "%s: the module has as many users as before",
	   end->name);
	if (!ok(wait_until(memory_charged(GROUP) < REST_BYTES, 5000), "%s: the memory is free", end->name))
		diag("%ld bytes are charged", memory_charged(GROUP));
}

void test(void)
{
	long users_before;
	unsigned int i;
	u8 *p;

	need_estp();
	page = page_size();
	ready = shared(page);
	memory_group(GROUP, false);
	must(!write_file("/sys/fs/cgroup/" GROUP "/memory.max", "24M"));

	/* A set of one's own, which the children inherit and must not take away. */
	p = populate();
	users_before = module_users();
	for (i = 0; i < ARRAY_LEN(ends); i++)
		try(&ends[i], users_before);
	is(probe_fault(p, VALUE), 1, "what the parent has registered diverts");
	is(stats().pages, PAGES, "and is all there");
}
