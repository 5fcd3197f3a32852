// SPDX-License-Identifier: MIT
/*
 * LIM-9, LIFE-13: who unregisters the last of its pages, and has threads give back memory all the time,
 * so that the kernel is never done with that, keeps no worker of the kernel waiting: its set is taken
 * down when there is a moment.
 *
 * Method: threads of least priority, many for each CPU, give large mappings back (MADV_DONTNEED),
 * so that there is mostly one in the middle of it. A page is registered and unregistered, and the
 * kernel's workers are looked at: one that waits, where no signal comes through, for our sake would be seen.
 * When the threads have ended, the set is gone.
 */
#include <dirent.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 60;

#define VALUE	0x1000
#define THREADS	8
#define LEN	(1ul << 30)
#define TABLE_LEN (2ul << 20)		/* of a page table, at least: each has to be looked through */
#define WATCH_MS 6000

static volatile bool stop;
static volatile u32 given_back;

static void *give_back(void *unused)
{
	struct sched_param param = { 0 };
	u8 *p = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t i;

	/* RT kernels have none. */
	must(p != MAP_FAILED && (!madvise(p, LEN, MADV_NOHUGEPAGE) || errno == EINVAL));
	sched_setscheduler(0, SCHED_IDLE, &param);
	for (i = 0; i < LEN; i += TABLE_LEN)
		p[i] = 1;
	while (!stop) {
		must(!madvise(p, LEN, MADV_DONTNEED));
		given_back++;
	}
	return NULL;
}

/* Workers that are at a work of ours, and wait so that no signal wakes them. */
static unsigned int waiting_workers(void)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	unsigned int nr = 0;

	must(dir);
	while ((entry = readdir(dir))) {
		char path[300];
		const char *text, *end;

		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		snprintf(path, sizeof(path), "/proc/%s/stat", entry->d_name);
		text = read_file(path);
		end = strrchr(text, ')');
		nr += end && strstr(text, "(kworker/") && strstr(text, "+estp") && end[2] == 'D';
	}
	closedir(dir);
	return nr;
}

void test(void)
{
	pthread_t thread[THREADS];
	void *p = probe_new(VALUE);
	unsigned int i, waiting = 0, looks = 0, rounds = 0;
	u64 end;

	need_estp();
	for (i = 0; i < THREADS; i++)
		must(!pthread_create(&thread[i], NULL, give_back, NULL));
	must(wait_until(given_back > THREADS, 10000));
	end = now_ms() + WATCH_MS * slowness();
	while (now_ms() < end) {
		must(!probe_register(p) && !probe_fault(p, VALUE) && !madv_unregister(p, page_size()));
		rounds++;
		for (i = 0; i < 20; i++, looks++) {
			waiting += waiting_workers();
			sleep_us(10000);
		}
	}
	ok(rounds > 1 && looks >= 40, "%u times a page was registered and unregistered, with %u ranges given back", rounds,
	   given_back);
	ok(waiting < looks / 8, "no worker waits for that (seen %u times of %u)", waiting, looks);
	stop = true;
	for (i = 0; i < THREADS; i++)
		must(!pthread_join(thread[i], NULL));
	ok(wait_until(!module_users(), 5000), "when they have ended, the module is free");
}
