// SPDX-License-Identifier: MIT
/*
 * FLT-1, FLT-10, REG-9, REG-11: an access whose pointer has not the tag of its memory (MTE) is a
 * FAULT where the thread wants to be told at once, at that instruction. Where it wants to be told
 * some time later, the access goes through, and the SIGSEGV of later is none, wherever it finds the
 * thread. A table's entries cannot be read where they stand in memory of another tag than 0.
 *
 * Method: memory of tag 0, by pointers of tag 0 and 1. Told at once: load and store divert, the twin
 * without registration has a SIGSEGV of that kind. Told later: behind the load, and still inside
 * the span, the thread waits until it is preempted, and has the other kind there. Entries of a
 * table stand in memory of tag 3.
 *
 * vm: --machine mte=on
 */
#include "harness.h"
#include "tags.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3
#define VALUE		0x1234

static struct code *code;
static u64 *mem;
static u32 load, store, hold, start, through, response, recovered;
static struct regs in, out;

static void make(void)
{
	u32 end;

	code = code_new(1);
	start = emit_inside(code);
	load = emit_load(code);
	hold = emit_hold(code);
	store = emit_store(code);
	end = through = emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = load, .end = end,
					   .response = response });
	code_seal(code);
}

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	/* Told later: where it was, the thread is let go on. */
	if (info->si_code == SEGV_MTEAERR)
		code_let_go(code, 0, through);
	else
		frame_set_pc(uc, (u64)code_addr(code, recovered));
}

static u32 run(u32 entry, u64 tag)
{
	static u32 seed;

	caught_reset();
	code_reset(code);
	code_let_go(code, 0, through);
	*mem = VALUE;
	regs_fill(&in, ++seed);
	regs_set_arg(&in, tagged(mem, tag));
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

static void at_once(bool registered)
{
	const char *who = registered ? "registered" : "twin";
	const u32 entries[] = { load, store };
	unsigned int i;

	tell_tags(PR_MTE_TCF_SYNC);
	for (i = 0; i < ARRAY_LEN(entries); i++) {
		const char *what = i ? "store" : "load";
		u64 before = diverted(ESTP_FAULT);

		is(run(entries[i], 0), THROUGH, "%s, %s by the right tag goes through", who, what);
		is(*mem != VALUE, i, "the store alone has changed memory");
		is(run(entries[i], 1), registered ? RESPONSE : RECOVERED, "%s, %s by another: %s", who, what,
		   registered ? "diverts" : "a signal");
		is(diverted(ESTP_FAULT) - before, registered, "so the kernel counted");
		is(caught->nr, !registered, "handlers that ran");
		if (!registered)
			is(caught->info.si_code, SEGV_MTESERR, "it was told at once");
		if (registered)
			is(regs_diff(&out, &in, what), 0, "no register changed");
		is(*mem, VALUE, "nor memory");
	}
}

static void later(bool registered)
{
	const char *who = registered ? "registered" : "twin";
	struct victim v = { .code = code, .entry = start, .cpu = cpus_nr() - 1 };
	static struct regs want;
	u64 before = diverted(ESTP_FAULT);

	tell_tags(PR_MTE_TCF_ASYNC);
	caught_reset();
	code_reset(code);
	*mem = VALUE;
	regs_fill(&v.in, 99);
	regs_set_arg(&v.in, tagged(mem, 1));
	victim_start_with(&v);
	preempt(v.cpu);
	is(victim_join(&v, 5000), THROUGH, "%s, told later: the load goes through", who);
	is(caught->nr, 1, "and there is a signal");
	is(caught->info.si_code, SEGV_MTEAERR, "which tells of it later");
	is(caught->pc, (u64)code_addr(code, hold), "inside the span");
	is(diverted(ESTP_FAULT) - before, 0, "that is no FAULT");
	want = v.in;
	regs_set_value(&want, VALUE);
	is(regs_diff(&v.out, &want, who), 0, "no register changed but the loaded one");
}

static void table(void)
{
	struct table t;
	struct estp_table *header;
	size_t page = sysconf(_SC_PAGESIZE);
	struct estp_entry *entry;
	unsigned int i;

	tell_tags(PR_MTE_TCF_SYNC);
	table_init(&t, code->base);
	table_add(&t, ESTP_FAULT, code_addr(code, load), hold - load, code_addr(code, response))->causes =
		ESTP_CAUSE_PAGE;
	header = table_header(&t);
	for (i = 0; i < 4; i++)
		set_tag(tagged((u8 *)mem + 16 * i, 3));
	entry = (struct estp_entry *)tagged(mem, 3);
	memcpy(entry, t.entry, sizeof(*entry));

	header->entries = (u64)entry;
	is(madv_register(header, page), -ENOMEM, "a table by a pointer with a tag");
	header->entries = (u64)mem;
	is(madv_register(header, page), -EFAULT, "in memory with another tag, by one without");
	is(stats().sequences, 1, "neither registers anything");
	tell_tags(0);
	is(madv_register(header, page), 0, "twin: by a thread that checks no tags");
	is(stats().sequences, 2, "it is registered");
	munmap(header, page);
	table_free(&t);
}

void test(void)
{
	need_tags();
	need_estp_and_counters();
	need_cpus(2);
	mem = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE | PROT_MTE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	pin(0);
	caught_hook = recover;
	catch_signal(SIGSEGV, 0);
	make();
	at_once(false);
	later(false);
	must(!code_register(code, ESTP_LAYOUT_PAGE));
	at_once(true);
	later(true);
	must(!code_unregister(code));
	table();
}
