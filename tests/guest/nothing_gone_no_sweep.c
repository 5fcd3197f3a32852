// SPDX-License-Identifier: MIT
/*
 * UNREG-5, LIM-9: a call that removes nothing has nobody look through what is registered: not UNREGISTER
 * where there is nothing, nor a refused REGISTER.
 *
 * Method: the kernel tells of each work that begins, by its event of work queues. Many such calls are
 * made, over a time in which there would be several of ours. The twin is an UNREGISTER of something,
 * after which there is one.
 */
#include "machine.h"
#include "probe.h"

#define VALUE	0x1000
#define EVENT	"/sys/kernel/tracing/events/workqueue/workqueue_execute_start/enable"
#define TRACE	"/sys/kernel/tracing/trace"
#define CALLS	30
#define WAIT_US	20000

static unsigned int works(void)
{
	const char *at = read_file(TRACE);
	unsigned int nr = 0;

	while ((at = strstr(at, "function take_down"))) {
		nr++;
		at++;
	}
	return nr;
}

void test(void)
{
	u8 *stays = probe_new(VALUE), *goes = probe_new(VALUE), *bad = probe_new(VALUE);
	unsigned int i, wrong = 0;

	need_estp();
	must(!probe_register(stays) && !probe_register(goes));
	((u64 *)bad)[0] = 0x1234567890;
	/* What came before has been looked after. */
	sleep_us(CALLS * WAIT_US);
	must(!write_file(TRACE, "0") && !write_file(EVENT, "1\n"));
	for (i = 0; i < CALLS; i++) {
		wrong += madv_unregister(bad, page_size()) != -ENOENT;
		wrong += madv_unregister(bad, 0) != -ENOENT;
		wrong += madv_register(bad, page_size()) != -ENOEXEC;
		sleep_us(WAIT_US);
	}
	is(wrong, 0, "%d times nothing was unregistered, and a registration refused", CALLS);
	is(works(), 0, "no work of ours has begun");
	must(!madv_unregister(goes, page_size()));
	ok(wait_until(works(), 5000), "twin: something unregistered, one has");
	must(!write_file(EVENT, "0\n") && !write_file(TRACE, "0"));
	is(probe_fault(stays, VALUE), 0, "what stays diverts");
	must(!madv_unregister(stays, page_size()));
}
