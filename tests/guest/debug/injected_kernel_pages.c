// SPDX-License-Identifier: MIT
/*
 * vm: --append kmemleak=on --timeout 900 --mem 1024 --file build/tests/guest/modules/crowd.ko
 * once: a failure that is not answered once is not answered
 *
 * KRN-2: whichever allocation fails while pages of kernel text are registered, or taken back, the
 * call ends in an errno and none of them is registered, or in success.
 *
 * Method: as in injected_failures, over crowd.ko, which has more pages than the least index holds.
 */
#include <fcntl.h>

#include "leaks.h"
#include "machine.h"
#include "nth.h"
#include "tally.h"

const unsigned int test_seconds = 850;

#define KERNEL_PAGES	"/sys/module/estp/parameters/kernel_pages"
#define CROWD		"/sys/module/crowd/parameters/"
#define CROWD_NR	8

/* crowd.ko's pages, by a write to its parameter. */
static int crowd(int fd, char what)
{
	return pwrite(fd, &what, 1, 0) == 1 ? 0 : -errno;
}

static bool crowd_is(long own, long nr)
{
	return read_number(KERNEL_PAGES) == own + nr && read_number(CROWD "registered") == nr &&
	       read_number(CROWD "answers") == nr;
}

static void kernel_pages(char what)
{
	long own;
	u32 n;
	int fd;

	must(!load_file("/estp/build/tests/guest/modules/crowd.ko", ""));
	own = read_number(KERNEL_PAGES);
	fd = open(CROWD "registered", O_WRONLY | O_CLOEXEC);
	must(fd >= 0);
	for (n = 1; n < LIMIT; n++) {
		bool hit;
		int err;

		must(!crowd(fd, what == '1' ? '0' : '1'));
		inject(n);
		err = crowd(fd, what);
		hit = count_injected(err, call_may);
		tally->wrong += !crowd_is(own, (what == '1') == !err ? CROWD_NR : 0);
		if (!hit)
			break;
	}
	close(fd);
	must(!unload_name("crowd"));
	tally->wrong += read_number(KERNEL_PAGES) != own;
	report(what == '1' ? "kernel pages registered" : "kernel pages taken back", true);
}

void test(void)
{
	need_estp();
	need_injection();
	need_kmemleak();
	tally = shared(sizeof(*tally));
	open_nth();
	kernel_pages('1');
	kernel_pages('0');
	ok(no_memory, "calls failed for want of memory (%u)", no_memory);
	no_leaks();
}
