// SPDX-License-Identifier: MIT
/*
 * LIFE-10, EVT-5: NUMA balancing takes the rights off registered pages, lets the next access
 * fault, and carries them to the node where they are used. Registration stays, and such a
 * fault is no event.
 *
 * Method: a guest of two nodes. The pages are filled on the one and used on the other,
 * by probes that fault each once, until the kernel tells that they lie there. The counter of
 * FAULT must then be that of the probes, though the kernel's own of hinting faults has
 * grown. The twin, unregistered, is carried back likewise.
 *
 * vm: --cpus 2 --nodes 2 --timeout 200
 */
#include <sys/syscall.h>

#include "machine.h"
#include "probe.h"

const unsigned int test_seconds = 90;

#define VALUE	0x1000
#define PAGES	4

static size_t page;
static u8 *p;

static int on_node(int node)
{
	void *at[PAGES];
	int status[PAGES], i, nr = 0;

	for (i = 0; i < PAGES; i++)
		at[i] = p + i * page;
	must(!syscall(SYS_move_pages, 0, (long)PAGES, at, NULL, status, 0));
	for (i = 0; i < PAGES; i++)
		nr += status[i] == node;
	return nr;
}

static u64 vmstat(const char *name)
{
	const char *text = read_file("/proc/vmstat"), *at;
	size_t len = strlen(name);

	for (at = text; at; at = strchr(at, '\n')) {
		at += *at == '\n';
		if (!strncmp(at, name, len) && at[len] == ' ')
			return strtoull(at + len, NULL, 10);
		if (!*at)
			break;
	}
	bail("/proc/vmstat has no %s", name);
}

/*
 * New pages wait in a list of their CPU's until it is full, and cannot be carried anywhere
 * meanwhile. So it is filled.
 */
static void push_on(void)
{
	size_t len = 256 * page;
	u8 *m = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	must(m != MAP_FAILED);
	must(!madvise(m, len, MADV_NOHUGEPAGE));
	memset(m, 1, len);
	must(!munmap(m, len));
}

/* Uses the pages on @node's CPU until they lie there; how many probes that took. */
static u64 carried(int node, int want)
{
	u64 end = now_ms() + 40000 * slowness();
	u64 used = 0;
	int i, wrong = 0;

	push_on();
	pin(node * cpus_nr() / 2);
	while (on_node(node) < PAGES && now_ms() < end)
		for (i = 0; i < 100 * PAGES; i++, used++)
			wrong += probe_fault(p + i % PAGES * page, VALUE) != want;
	is(wrong, 0, "each of the probes goes on as it must");
	return used;
}

void test(void)
{
	u64 hints, faults, used;
	struct list before, after;
	int i;

	need_estp();
	if (access("/proc/sys/kernel/numa_balancing", W_OK))
		skip_all("this kernel does not balance");

	must(!write_file("/proc/sys/kernel/numa_balancing", "1"));
	page = page_size();
	pin(0);
	p = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE | PROT_EXEC,
		 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(p != MAP_FAILED);
	for (i = 0; i < PAGES; i++) {
		probe_code(p + i * page, VALUE);
		probe_header(p + i * page, 0);
	}
	is(on_node(0), PAGES, "the pages begin on node 0");
	must(!madv_register(p, PAGES * page));
	before = list_own();

	hints = vmstat("numa_hint_faults");
	faults = stats().diversions[ESTP_FAULT];
	used = carried(1, 0);
	is(on_node(1), PAGES, "they have been carried to node 1");
	ok(vmstat("numa_hint_faults") > hints, "by hinting faults");
	is(stats().diversions[ESTP_FAULT] - faults, used, "of which none was diverted, but each probe's");
	after = list_own();
	ok(list_same(&before, &after), "the list is the same");

	must(!madv_unregister(p, PAGES * page));
	carried(0, -1);
	is(on_node(0), PAGES, "twin: unregistered they are carried back");
	list_free(&before);
	list_free(&after);
}
