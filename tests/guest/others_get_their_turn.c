// SPDX-License-Identifier: MIT
/*
 * LIFE-14: no call about sequences keeps the CPU for long, on a kernel that takes it away from
 * nobody who is in the kernel (preempt=none): not registration, its refusal, unregistration,
 * unmapping, fork, the fence, nor /dev/estp, however much is registered.
 *
 * Method: a thread of highest priority wants the one CPU again and again, and measures by how much
 * it gets it too late while another makes one of these calls, with as many entries, descriptors or
 * threads as there can be. Instructions are counted (--icount: a nanosecond of the
 * guest's clock is one). Each is done twice, and the better one counts: what varies is the kernel's own,
 * vmalloc() above all, which hands out pages by the hundred. The twin is one who does keep the CPU, for
 * a known time: it is seen.
 *
 * vm: --icount --cpus 1 --append preempt=none --append init_on_alloc=0
 * vm: --mem 1024 --timeout 400
 */
#include <semaphore.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/utsname.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 1000;

#define MANY		65532u		/* and three more will fit beside them */
#define PAGES		4096u
#define FIFO		50
#define VALUE		0x1000
#define PERIOD		20000u		/* between two times that the thread wants the CPU */
/*
 * What is ours takes less than half of it; vmalloc() of room to merge two such tables takes most of it.
 */
#define BOUND		200000u
#define KEPT		400000u
#define FREED_US	6000000u	/* KFREE_DRAIN_JIFFIES and a grace period */

static struct watch {
	sem_t begin, ended;
	volatile bool stop;
	volatile u64 worst, turns;
} watch;
static size_t page;
static u8 *code, *plain;

static void watch_once(void)
{
	u64 at = now_ns() + PERIOD, late;
	struct timespec t = { at / 1000000000u, at % 1000000000u };

	must(!clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL));
	late = now_ns() - at;
	if (late > watch.worst)
		watch.worst = late;
	watch.turns++;
}

static void *watcher(void *arg)
{
	for (;;) {
		must(!sem_wait(&watch.begin));
		while (!watch.stop)
			watch_once();
		must(!sem_post(&watch.ended));
	}
	return NULL;
}

/* By how much the CPU came too late at most, during fn(). */
static u64 measured(void (*fn)(void))
{
	watch.stop = false;
	watch.worst = 0;
	watch.turns = 0;
	must(!sem_post(&watch.begin));
	must(wait_until(watch.turns, 1000));
	fn();
	/* The wait that began during it is measured to its end. */
	watch.stop = true;
	must(!sem_wait(&watch.ended));
	return watch.worst;
}

/* ---- What is measured --------------------------------------------------------------- */

static void nothing(void)
{
	u64 end = now_ns() + 10 * PERIOD;

	while (now_ns() < end)
		;
}

static void keeps_the_cpu(void)
{
	u64 end;

	/* Of the same class and priority: it is not preempted by the watcher. */
	set_fifo(0, FIFO);
	end = now_ns() + KEPT + PERIOD;
	while (now_ns() < end)
		;
	set_fifo(0, 0);
}

static struct estp_table *good, *spoilt;

/* As many entries as there are different spans on one page. */
static struct estp_table *many(u16 last_zero)
{
	struct table t;
	u32 i, nr = 0, len;

	table_init(&t, code);
	for (len = INSN_ALIGN; nr < MANY; len += INSN_ALIGN)
		for (i = 0; i + len <= page && nr < MANY; i += INSN_ALIGN, nr++)
			table_add(&t, ESTP_FAULT, code + i, len, code + page - INSN_ALIGN);
	t.entry[MANY - 1].zero = last_zero;
	return table_header(&t);
}

static void reserve(void)
{
	code = pages_new(PAGES);
	good = many(0);
	spoilt = many(1);
}

/* Where the last round has unmapped them. */
static void arrange(void)
{
	u32 i;

	must(mmap(code, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code);
	for (i = 0; i < PAGES; i++) {
		probe_code(code + i * page, VALUE);
		probe_header(code + i * page, 0);
	}
	plain = pages_new(PAGES - 1);
	memset(plain, 1, (PAGES - 1) * page);
}

static void register_table(void)
{
	must(!madv_register(good, page));
}

static void refused_table(void)
{
	must(madv_register(spoilt, page) == -ENOEXEC);
}

static void unregister_page(void)
{
	must(!madv_unregister(code, page));
}

static void unmap_others(void)
{
	must(!munmap(code + page, (PAGES - 1) * page));
}

static void unmap_plain(void)
{
	must(!munmap(plain, (PAGES - 1) * page));
}

static void register_pages(void)
{
	must(!madv_register(code, PAGES * page));
}

/* What is left is looked through at once, as a worker would some time after. */
static void unregister_one(void)
{
	must(!madv_unregister(code + page, page));
	must(stats().pages == PAGES - 1);
}

static void unregister_pages(void)
{
	must(!madv_unregister(code, PAGES * page));
}

static void register_page(void)
{
	must(!madv_register(code, page));
}

static void look(void)
{
	must(stats().sequences >= MANY);
}

static void list(void)
{
	/* Ours, and in use: freeing memory of user space takes the kernel long, too. */
	static struct estp_sequence seq[MANY];
	struct estp_list l = { .mem_fd = -1, .sequences = (u64)seq, .capacity = MANY };

	must(!device_ioctl(ESTP_IOC_LIST, &l) && l.count >= MANY);
}

static void forks(void)
{
	pid_t pid = fork();
	int status;

	must(pid >= 0);
	if (!pid)
		_exit(0);
	must(waitpid(pid, &status, 0) == pid && !status);
}

static void fences(void)
{
	must(!madv_fence());
}

/* ---- */

#define ROUNDS	2

static const struct call {
	const char *what;
	void (*fn)(void);
} calls[] = {
	{ "nothing", nothing },
	{ "a page", register_page },
	{ "a table of 65532 entries beside it", register_table },
	{ "unregistering both", unregister_page },
	{ "a table of 65532 entries", register_table },
	{ "the same in place of itself", register_table },
	{ "a page beside it", register_page },
	{ "a table with a spoilt entry", refused_table },
	{ "counting", look },
	{ "listing", list },
	{ "fence", fences },
	{ "fork", forks },
	{ "unregistering them", unregister_page },
	{ "a table, once more", register_table },
	{ "4096 pages", register_pages },
	{ "fork of these", forks },
	{ "unregistering pages", unregister_pages },
	{ "4096 pages again", register_pages },
	{ "unregistering one, and a look through the rest", unregister_one },
	{ "unmapping as many that are not registered", unmap_plain },
	{ "unmapping all but the first", unmap_others },
	{ "unregistering the rest", unregister_page },
};

static u64 best[ARRAY_LEN(calls)];

static void round_of_calls(void)
{
	u32 i;

	arrange();
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		u64 late;

		/* What was freed before is really freed by then; an idle guest's time goes fast. */
		sleep_us(FREED_US);
		late = measured(calls[i].fn);
		best[i] = late < best[i] ? late : best[i];
	}
}

/* Else it would be no merit to let others run. */
static void need_no_preemption(void)
{
	const char *models = "/sys/kernel/debug/sched/preempt";
	struct utsname name;

	must(!mount("none", "/sys/kernel/debug", "debugfs", 0, NULL) || errno == EBUSY);
	must(!uname(&name));
	if (!access(models, R_OK) && strstr(name.version, "PREEMPT_DYNAMIC"))
		must(strstr(read_file(models), "(none)"));
	else if (strstr(name.version, "PREEMPT"))
		skip_all("this kernel preempts inside of itself: %s", name.version);
}

void test(void)
{
	struct sched_param param = { .sched_priority = FIFO };
	pthread_t thread;
	u64 kept, own = 0;
	u32 i;

	need_estp();
	need_no_preemption();
	/* A huge page is cleared at a stretch where it is allocated: the kernel's, not ours. */
	must(!prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0));
	page = page_size();
	reserve();
	must(!sem_init(&watch.begin, 0, 0) && !sem_init(&watch.ended, 0, 0));
	must(!pthread_create(&thread, NULL, watcher, NULL));
	must(!pthread_setschedparam(thread, SCHED_FIFO, &param));

	kept = measured(keeps_the_cpu);
	ok(kept > BOUND, "twin: who keeps the CPU is seen");
	memset(best, 0xff, sizeof(best));
	for (i = 0; i < ROUNDS; i++)
		round_of_calls();
	for (i = 0; i < ARRAY_LEN(calls); i++) {
		if (calls[i].fn == unmap_plain)
			own = best[i];	/* the kernel's */
		else
			ok(best[i] < BOUND + (calls[i].fn == unmap_others ? own : 0),
			   "%s keeps nobody waiting", calls[i].what);
		diag("%s: late by %llu instructions", calls[i].what, (unsigned long long)best[i]);
	}
}
