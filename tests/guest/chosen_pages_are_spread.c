// SPDX-License-Identifier: MIT
/*
 * EVT-8, LIM-24: pages that meet in the index are spread by another one, or refused; never is a look-up made longer.
 *
 * Method: a module gives the next random words that a process gets in the kernel, so that the multiplier is known
 * by which its index spreads pages, and a child registers pages, by one table, all of which have their homes in one small part
 * of that index. The multiplier is drawn anew until one does. Where each draw is the known one, the
 * registration is refused, and nothing of it is left. The twin is the same with pages side by side, which want no more
 * draws than there are indexes.
 *
 * vm: --file build/tests/guest/modules/draws.ko
 */
#include "machine.h"
#include "probe.h"

#define DRAWS		"/estp/build/tests/guest/modules/draws.ko"
#define PARAMETER(name)	"/sys/module/draws/parameters/" name
#define VALUE		0x6a09e667f3bcc909ull
#define FACTOR		0x9e3779b97f4a7c15ull	/* of the second product, which is the same for all */
#define NR		2000u
#define SLOTS_BITS	12			/* of an index that is made for so many */
#define PART		32			/* of the index, where they meet */

struct result {
	int err, again;
	unsigned int draws, listed;
};

static struct result *result;
static size_t page;
static u8 *region, *aside;
static struct estp_table *table;

static bool meets(const u8 *p)
{
	u64 x = (u64)p * VALUE;

	return (x ^ x >> 32) * FACTOR >> (64 - SLOTS_BITS) < (1u << SLOTS_BITS) / PART;
}

/* A table of an entry on each of NR pages. */
static struct estp_table *make(bool chosen)
{
	struct table t;
	u32 i, nr = 0;

	table_init(&t, region);
	for (i = 0; i < 2 * PART * NR && nr < NR; i++) {
		u8 *p = region + i * page;

		if (chosen && !meets(p))
			continue;
		table_add(&t, ESTP_FAULT, p, 4, p + 16);
		nr++;
	}
	must(nr == NR);
	return table_header(&t);
}

static void say(const char *parameter, u64 value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", (unsigned long long)value);
	must(!write_file(parameter, text));
}

static void child(void *arg)
{
	struct list list;
	unsigned int others;
	long before;

	/* An index that is there, of a random word. */
	must(!madv_register(aside, page));
	list = list_own();
	others = list.nr;
	list_free(&list);
	say(PARAMETER("value"), VALUE);
	say(PARAMETER("times"), *(unsigned int *)arg);
	say(PARAMETER("who"), getpid());
	before = read_number(PARAMETER("asked"));
	result->err = madv_register(table, page);
	result->draws = read_number(PARAMETER("asked")) - before;
	say(PARAMETER("times"), 0);
	list = list_own();
	result->listed = list.nr - others;
	list_free(&list);
	result->again = result->err ? madv_register(table, page) : 0;
	_exit(0);
}

static void registered(bool chosen, unsigned int times)
{
	table = make(chosen);
	memset(result, 0, sizeof(*result));
	must(exited_with(run_child(child, &times, 60), 0));
	diag("%s pages, %u words known: %u draws", chosen ? "chosen" : "other", times, result->draws);
}

void test(void)
{
	need_estp();
	page = page_size();
	result = shared(sizeof(*result));
	region = mmap(NULL, 2 * PART * NR * page, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	must(region != MAP_FAILED);
	aside = probe_new(VALUE & 0xffff);
	must(!load_file(DRAWS, ""));

	registered(false, 1);
	is(result->err, 0, "twin: pages side by side are registered");
	is(result->draws, 1, "twin: by one index");
	is(result->listed, NR, "twin: all of them");

	registered(true, 1);
	is(result->err, 0, "chosen pages are registered");
	ok(result->draws == 2 || result->draws == 3, "the index that they were chosen for is not used");
	is(result->listed, NR, "all of them");

	registered(true, 1000);
	is(result->err, -ENOMEM, "where each index is the one that they were chosen for, they are refused");
	ok(result->draws > 2 && result->draws < 20, "after some draws");
	is(result->listed, 0, "nothing of it is left");
	is(result->again, 0, "with other draws they are registered");
	must(!unload_name("draws"));
}
