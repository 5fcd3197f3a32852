// SPDX-License-Identifier: MIT
/*
 * FLT-9: a pointer whose authentication fails is no FAULT where the instruction that checks it
 * says so by an exception (FPAC); where it only spoils the pointer, the access by that is one,
 * and so is an undefined instruction in the same span in either case.
 *
 * Method: a span that authenticates a pointer and loads by it. The pointer is signed, and then has
 * one bit of the signature the other way round. The twin without registration shows which of
 * the two this processor does: QEMU raises the exception from 8.1 on.
 */
#include <asm/hwcap.h>
#include <sys/auxv.h>

#include "harness.h"

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

#define MODIFIER	0x5ec2e75e0fedcba9ull
#define SIGNATURE_BIT	(1ull << 54)	/* with any size of addresses, tagged or not */
#define VALUE		0x1234

static struct code *code;
static u64 *mem;
static u32 start, check, load, illegal, recovered;
static struct regs in, out;

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, recovered));
}

static u64 sign(const void *p)
{
	u64 word = (u64)p;

	__asm__(".arch_extension pauth\n\tpacia	%0, %1" : "+r"(word) : "r"(MODIFIER));
	return word;
}

static u32 run(u32 entry, u64 pointer)
{
	caught_reset();
	code_reset(code);
	regs_fill(&in, 1);
	regs_set_arg(&in, pointer);
	regs_set_value(&in, MODIFIER);
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

static void make(void)
{
	const u32 autia = 0xdac11000 | GPR_VALUE << 5 | GPR_ARG;
	u32 end, response;

	code = code_new(1);
	start = emit_nop(code);
	check = emit_bytes(code, &autia, 4);
	load = emit_load(code);
	illegal = emit_illegal(code);
	end = code->at;
	emit_land(code, THROUGH);
	response = emit_land(code, RESPONSE);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start, .end = end,
					   .response = response });
	code_seal(code);
}

/* Loads through a pointer that is as it was signed: what follows the load is reached. */
static void good(void)
{
	struct regs want;

	is(run(start, sign(mem)), RESPONSE, "a pointer as it was signed: the undefined instruction behind the load diverts");
	is(caught->nr, 0, "without a signal");
	want = in;
	regs_set_arg(&want, (u64)mem);
	regs_set_value(&want, VALUE);
	is(regs_diff(&out, &want, "as signed"), 0, "no register changed but the pointer and what was loaded");
}

void test(void)
{
	struct regs spoilt;
	bool exception;
	u64 forged, before;

	if (!(getauxval(AT_HWCAP) & HWCAP_PACA))
		skip_all("the CPU authenticates no pointers");
	need_estp_and_counters();
	caught_hook = recover;
	catch_signal(SIGILL, 0);
	catch_signal(SIGSEGV, 0);
	mem = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(mem != MAP_FAILED);
	*mem = VALUE;
	forged = sign(mem) ^ SIGNATURE_BIT;
	make();

	is(run(start, forged), RECOVERED, "twin: a forged pointer ends in a signal");
	is(caught->nr, 1, "in one");
	exception = caught->sig == SIGILL;
	diag("this processor %s", exception ? "raises an exception" : "spoils the pointer");
	is(caught->pc, (u64)code_addr(code, exception ? check : load), "at the %s", exception ? "check" : "load");
	spoilt = out;

	must(!code_register(code, ESTP_LAYOUT_PAGE));
	good();
	before = diverted(ESTP_FAULT);
	is(run(start, forged), exception ? RECOVERED : RESPONSE, "registered: a forged pointer %s",
	   exception ? "ends in the same signal" : "diverts at the load");
	is(caught->nr, exception, "handlers that ran");
	if (exception) {
		is(caught->sig, SIGILL, "the exception's");
		is(caught->pc, (u64)code_addr(code, check), "at the check");
	}
	is(diverted(ESTP_FAULT) - before, !exception, "so the kernel counted");
	is(regs_diff(&out, &spoilt, "forged"), 0, "registers are as in the twin");
	is(run(illegal, forged), RESPONSE, "an undefined instruction in the same span diverts");
	is(caught->nr, 0, "without a signal");
}
