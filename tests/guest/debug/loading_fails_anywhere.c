// SPDX-License-Identifier: MIT
/*
 * MOD-1, MOD-2, KRN-2: whichever allocation fails while estp.ko starts, loading either
 * fails, leaves nothing behind and lets nobody in before, or succeeds and all works.
 *
 * Method: fail-nth makes the n-th thing fail that may fail in the module's start, n from 1 on,
 * until loading goes through without: the first 40, which are our own beginnings, then every seventh, since
 * each hook takes ftrace dozens of allocations, and a load some ten seconds of an emulated
 * debug kernel. Another process registers and opens /dev/estp without
 * pause meanwhile: whoever got in while loading is about to fail would stay behind in
 * memory that is freed. Proof: failures were injected, loads failed, and others, in which a
 * part of ours was the one to do without, succeeded; the process tried within the former, and got in between them.
 *
 * Nothing fails but what the module's own start does (do_one_initcall). What the kernel does
 * before, it warns of where it fails (event_define_fields), and the module sees nothing of it. Nor
 * what it does to show a new cache in sysfs: where that fails, 6.12 forgets the name that it has
 * copied (sysfs_slab_add), and the leak detector tells.
 *
 * One CPU: see module_comes_and_goes_under_load.
 *
 * once: a failure that is not answered once is not answered
 * vm: --no-load --cpus 1 --append kmemleak=on --timeout 2400 --mem 1024
 */
#include "leaks.h"
#include "machine.h"
#include "nth.h"
#include "probe.h"

const unsigned int test_seconds = 2300;

#define VALUE	0x1000
#define LIMIT	4000
#define EACH	40
#define STRIDE	7

static struct shared_counts {
	volatile u32 stop;
	volatile u64 tries, registered, opened;
	u64 wrong;
} *counts;

static void user(void)
{
	u8 *p = pages_new(1);
	size_t page = page_size();

	probe_code(p, VALUE);
	probe_header(p, 0);
	while (!counts->stop) {
		int fd = open("/dev/estp", O_RDWR | O_CLOEXEC);

		counts->tries++;
		counts->opened += fd >= 0;
		if (!madv_register(p, page)) {
			counts->registered++;
			counts->wrong += probe_fault(p, VALUE) != 0;
			counts->wrong += madv_unregister(p, page) != 0;
		}
		if (fd >= 0)
			close(fd);
		/* Then the timer lets it in wherever loading is; who yields waits for the end of a slice. */
		sleep_us(10000);
	}
	_exit(0);
}

static bool sound(void)
{
	return module_loaded() && read_number("/sys/module/estp/parameters/kernel_pages") == 1;
}

void test(void)
{
	u32 n, injections = 0, failed = 0, wrong = 0, went_through = 0;
	u64 before, tries, opened, tried = 0;
	pid_t pid;
	int fd = open(MODULE_FILE, O_RDONLY | O_CLOEXEC), status;

	must(fd >= 0);
	need_injection();
	need_kmemleak();
	only_callees("do_one_initcall");
	no_callees("sysfs_slab_add");
	counts = shared(sizeof(*counts));
	pid = fork();
	must(pid >= 0);
	if (!pid)
		user();
	open_nth();
	for (n = 1; n < LIMIT; n += n < EACH ? 1 : STRIDE) {
		bool hit;
		int err;

		before = counts->registered;
		opened = counts->opened;
		tries = counts->tries;
		inject(n);
		err = load_fd(fd, "");
		hit = injected();
		injections += hit;
		if (err) {
			failed++;
			if (err != -ENOMEM && err != -EFAULT) {
				diag("failure %u: error %d", n, err);
				wrong++;
			}
			wrong += module_loaded() || counts->registered != before || counts->opened != opened;
			tried += counts->tries - tries;
		} else {
			wrong += !sound();
			wrong += !wait_until(counts->registered > before, 20000);
			wrong += !module_unload_soon();
		}
		if (injections % 10 == 0)
			diag("%u: %u injected, %u failed", n, injections, failed);
		if (!hit) {
			went_through = !err;
			break;
		}
	}
	counts->stop = 1;
	must(waitpid(pid, &status, 0) == pid && exited_with(status, 0));
	diag("%u failures injected, %u loads failed; %llu registrations, %llu times opened", injections, failed,
	     (unsigned long long)counts->registered, (unsigned long long)counts->opened);
	ok(injections && failed, "failures were injected, and loads failed");
	ok(tried, "another process tried to get in %llu times while it was about to fail", (unsigned long long)tried);
	ok(went_through, "the last load goes through");
	is(wrong, 0, "each load failed with its errno and left nothing, or all works");
	ok(counts->registered && counts->opened, "another process got in, in between");
	is(counts->wrong, 0, "and was protected whenever it had registered");
	/* Of a module that is gone it has no names: then it is what it tells the log that counts. */
	no_leaks();
}
