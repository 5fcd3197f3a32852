// SPDX-License-Identifier: MIT
/*
 * FLT-11, TAB-5, QRY-4: a load from memory that the hardware reports as broken
 * (SIGBUS, BUS_MCEERR_AR) is cause 16, and not cause 2; a page descriptor, which
 * means 15, does not match it.
 *
 * Method: the kernel is told that a page's memory is broken (MADV_HWPOISON); a load
 * from it faults. It is covered by entries with other causes, and by a descriptor, which
 * must be passed over, and then by one with cause 16. The twin gets its SIGBUS.
 */
#include "harness.h"

#define FAULTED		1
#define LOADED		2
#define HANDLED		3
#define BY_PAGE		4

#ifndef MADV_HWPOISON
#define MADV_HWPOISON	100
#endif

static struct code *code;
static struct regs in, out;
static u32 start, handled;
static void *broken;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, handled));
}

static u32 run(void)
{
	caught_reset();
	code_reset(code);
	regs_fill(&in, 1);
	regs_set_arg(&in, (u64)broken);
	regs_run(&in, &out, code_addr(code, start));
	return code->data->landed;
}

static void enter(u32 end, u32 response, u8 causes)
{
	struct table t;

	table_init(&t, code->base);
	table_add(&t, ESTP_FAULT, code_addr(code, start), end - start,
		  code_addr(code, response))->causes = causes;
	must(!table_register(&t));
	table_free(&t);
}

void test(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	u32 end, response, by_page;
	u64 before;

	need_estp_and_counters();
	if (madv_query(ESTP_FEATURE_MCEERR))
		skip_all("the kernel does not handle memory failures");
	broken = mmap(NULL, page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	must(broken != MAP_FAILED);
	/* Whoever says so gets the first SIGBUS, inside the call. */
	catch_signal(SIGBUS, 0);
	if (madvise(broken, page, MADV_HWPOISON))
		skip_all("MADV_HWPOISON: %s", strerror(errno));

	code = code_new(1);
	start = emit_load(code);
	end = emit_land(code, LOADED);
	response = emit_land(code, FAULTED);
	by_page = emit_land(code, BY_PAGE);
	handled = emit_land(code, HANDLED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
					   .end = end, .response = by_page });
	code_seal(code);
	caught_hook = recover;

	is(run(), HANDLED, "twin: the handler runs");
	is(caught->info.si_code, BUS_MCEERR_AR, "twin: the si_code is BUS_MCEERR_AR");

	must(!code_register(code, ESTP_LAYOUT_PAGE));
	enter(end, response, ESTP_CAUSE_PAGE);
	is(run(), HANDLED, "entry with causes 15 and page descriptor: passed over");
	is(caught->info.si_code, BUS_MCEERR_AR, "the handler runs, the si_code is the same");
	is(caught->pc, (u64)code_addr(code, start), "it sees the true pc");

	before = diverted(ESTP_FAULT);
	enter(end, response, ESTP_CAUSE_MCEERR);
	is(run(), FAULTED, "entry with cause 16: diverts");
	is(caught->nr, 0, "no handler ran");
	is(regs_diff(&out, &in, "after the fault"), 0, "no register changed");
	is(diverted(ESTP_FAULT) - before, 1, "the kernel counted it");
	code_free(code);
}
