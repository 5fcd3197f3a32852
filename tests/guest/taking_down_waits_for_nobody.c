// SPDX-License-Identifier: MIT
/*
 * LIM-9, LIM-30, LIFE-13: who has threads give back memory all the time, so that the kernel is never done
 * with that, registers all the same, keeps no worker of the kernel waiting when it has unregistered the
 * last of its pages, and is taken down.
 *
 * Method: threads of least priority (giving_back.h), which hold mmap_lock meanwhile, or no lock of the address
 * space. A page is registered, for the first time with these threads running already, and unregistered, and the
 * kernel's workers are looked at: one that waits, where no signal comes through, for our sake would be seen.
 */
#include <dirent.h>

#include "giving_back.h"
#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 100;

#define VALUE	0x1000
#define WATCH_MS 3000

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

static void watch(enum giving how, const char *what)
{
	static struct giving_back giving;
	void *p = probe_new(VALUE);
	unsigned int i, waiting = 0, looks = 0, rounds = 0;
	u64 end, before, longest = 0;

	giving_begin(&giving, how);
	end = now_ms() + WATCH_MS * slowness();
	/* A first registration waits its turn for the locks of these mappings. */
	while (rounds < 2 || now_ms() < end) {
		before = now_ms();
		must(!probe_register(p) && !probe_fault(p, VALUE) && !madv_unregister(p, page_size()));
		longest = now_ms() - before > longest ? now_ms() - before : longest;
		rounds++;
		for (i = 0; i < 20; i++, looks++) {
			waiting += waiting_workers();
			sleep_us(10000);
		}
	}
	ok(giving.nr > 2 * GIVING_THREADS, "%s: %u times a page was registered and unregistered, with %u ranges given back",
	   what, rounds, giving.nr);
	diag("%s: that took %llu ms at most", what, (unsigned long long)longest);
	ok(waiting < looks / 8, "%s: no worker waits for that (seen %u times of %u)", what, waiting, looks);
	ok(wait_until(!module_users(), 30000), "%s: the module is free", what);
	giving_end(&giving);
}

void test(void)
{
	need_estp();
	watch(GIVING_HOLES, "holes");
	watch(GIVING_ADVICE, "advice");
}
