// SPDX-License-Identifier: MIT
/*
 * MEM-3: what a table took that another has replaced is given back so soon that a cgroup with little more room
 * than one of them takes bears a lasting exchange.
 *
 * Method: a child in a memory cgroup registers a large table, limits the cgroup to some more than it takes then, and
 * registers others in its place, in all several times as large as that, within seconds. In the twin each is for
 * another page, and all are kept: there memory must come to its end.
 */
#include "machine.h"
#include "probe.h"

#define GROUP	"exchange"
#define LIMIT	"/sys/fs/cgroup/" GROUP "/memory.max"
#define USED	"/sys/fs/cgroup/" GROUP "/memory.current"
#define ENTRIES	4000u		/* 80 KiB kept, half a MiB while it is made */
#define TIMES	60u
/*
 * Besides one that is made and what a late reader of RCU keeps, what the kernel charges in advance:
 * 64 pages a CPU (MEMCG_CHARGE_BATCH).
 */
#define ROOM	((2l << 20) + 64 * (long)page * cpus_nr())

const unsigned int test_seconds = 120;

static u8 *code;
static size_t page;
static struct estp_table *tables[TIMES];
static volatile unsigned int *done;

/* Different spans, all on the page at @at. */
static struct estp_table *many(u8 *at, const void *response)
{
	struct table t;
	u32 i, nr = 0, len;

	table_init(&t, code);
	for (len = INSN_ALIGN; nr < ENTRIES; len += INSN_ALIGN)
		for (i = 0; i + len <= page && nr < ENTRIES; i += INSN_ALIGN, nr++)
			table_add(&t, ESTP_FAULT, at + i, len, response);
	return table_header(&t);
}

static void child(void *unused)
{
	unsigned int i;
	char text[32];

	memory_group(GROUP, true);
	must(!madv_register(tables[0], page));
	snprintf(text, sizeof(text), "%ld\n", read_number(USED) + ROOM);
	must(!write_file(LIMIT, text));
	for (i = 1; i < TIMES && !madv_register(tables[i], page); i++)
		*done = i;
	_exit(0);
}

/* How many were registered, whatever became of the child then. */
static unsigned int registered(bool keeps)
{
	u64 begin;
	unsigned int i;

	for (i = 0; i < TIMES; i++)
		tables[i] = many(code + (keeps ? i : 0) * page, code + TIMES * page - (1 + i % 2) * INSN_ALIGN);
	*done = 0;
	begin = now_ms();
	run_child(child, NULL, 60);
	diag("%u in %llu ms", *done, (unsigned long long)(now_ms() - begin));
	must(!write_file(LIMIT, "max\n"));
	return *done;
}

void test(void)
{
	unsigned int kept;

	need_estp();
	page = page_size();
	done = shared(sizeof(*done));
	code = pages_new(TIMES);
	is(registered(false), TIMES - 1, "each table takes the place of the one before");
	kept = registered(true);
	ok(kept && kept < TIMES - 1, "twin: kept, they are too many (%u of %u)", kept, TIMES - 1);
}
