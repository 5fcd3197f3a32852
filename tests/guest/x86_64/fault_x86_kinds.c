// SPDX-License-Identifier: MIT
/*
 * FLT-1, FLT-10, FLT-12, FLT-13, TAB-5: the faults that only x86_64 has: general
 * protection of several kinds, stack segment, protection keys, x87 and SSE exceptions,
 * alignment check. Each goes to the response, with all registers as they were. Not so
 * INT 4, which reports the pc after its instruction.
 *
 * Method: each twin, unregistered, shows which signal the machine raises, if it raises
 * one at all (emulators leave some out: then it is skipped). The registered one must
 * divert, by exactly that signal's cause.
 */
#include "../faults.h"

#include <asm/unistd.h>

#define RESPONSE	1
#define THROUGH		2
#define RECOVERED	3

static struct regs in, out;
static struct code *code;
static u32 recovered;
static int key = -1;

static u32 emit_hlt(struct code *c)
{
	return emit_bytes(c, "\xf4", 1);
}

static u32 emit_int_unused(struct code *c)
{
	return emit_bytes(c, "\xcd\x40", 2);
}

static u32 emit_int_4(struct code *c)
{
	return emit_bytes(c, "\xcd\x04", 2);
}

static u32 emit_load_by_rbp(struct code *c)
{
	return emit_bytes(c, "\x4c\x8b\x65\x00", 4);	/* mov 0(%rbp), %r12: stack segment */
}

static u32 emit_bad_segment(struct code *c)
{
	return emit_bytes(c, "\x8e\xe0", 2);		/* mov %eax, %fs */
}

static u32 emit_movaps(struct code *c)
{
	return emit_bytes(c, "\x0f\x28\x03", 3);	/* movaps (%rbx), %xmm0, misaligned */
}

static u32 emit_fwait(struct code *c)
{
	return emit_bytes(c, "\x9b", 1);
}

static u32 emit_divsd(struct code *c)
{
	return emit_bytes(c, "\xf2\x0f\x5e\xc1", 4);	/* divsd %xmm1, %xmm0 */
}

static u32 emit_load_32(struct code *c)
{
	return emit_bytes(c, "\x44\x8b\x23", 3);	/* mov (%rbx), %r12d */
}

static u32 emit_load_at_end(struct code *c)
{
	/* The kernel emulates UMIP's instructions, but not their faulting operands. */
	return emit_bytes(c, "\x0f\x01\x03", 3);	/* sgdt (%rbx) */
}

static void set_nothing(void)
{
}

static void set_wild_arg(void)
{
	regs_set_arg(&in, WILD_ADDRESS);
}

static void set_wild_rbp(void)
{
	in.gpr[GPR_RBP] = WILD_ADDRESS;
}

static void set_bad_selector(void)
{
	in.gpr[GPR_RAX] = 0xfff3;
}

static void set_misaligned(void)
{
	static char mem[64] __attribute__((aligned(64)));

	regs_set_arg(&in, (u64)mem + 1);
}

static void set_key(void)
{
	static void *mem;

	if (!mem) {
		mem = fault_map(PROT_READ | PROT_WRITE, -1);
		*(volatile char *)mem = 1;
		must(!syscall(SYS_pkey_mprotect, mem, 4096, PROT_READ | PROT_WRITE, key));
	}
	regs_set_arg(&in, (u64)mem);
	in.rights = read_rights() | 3u << (2 * key);
}

/* An exception is pending, and no longer masked. */
static void set_x87_pending(void)
{
	in.x[X_FCW] = 0x7f & ~4;		/* ZM off */
	in.x[X_FSW] = 0x84;			/* ES, ZE */
	in.x[X_FSW + 1] = 0x28 | 0x80;		/* top, B */
}

static void set_sse_unmasked(void)
{
	const double numbers[2] = { 1.0, 0.0 };
	u32 mxcsr = 0x1f80 & ~(1u << 9);	/* ZM off */

	memcpy(in.x + X_MXCSR, &mxcsr, 4);
	memcpy(in.x + X_XMM, &numbers[0], 8);
	memcpy(in.x + X_XMM + 16, &numbers[1], 8);
}

static void set_alignment_check(void)
{
	set_misaligned();
	in.flags |= 1u << 18;
}

static void set_unmapped(void)
{
	regs_set_arg(&in, (u64)fault_unmapped());
}

static const struct kind {
	const char *name;
	u32 (*emit)(struct code *c);
	void (*set)(void);
	bool never;			/* it is no FAULT */
} kinds[] = {
	{ "non-canonical address", emit_load, set_wild_arg },
	{ "privileged instruction", emit_hlt, set_nothing },
	{ "INT of an unused vector", emit_int_unused, set_nothing },
	{ "bad segment selector", emit_bad_segment, set_bad_selector },
	{ "misaligned movaps", emit_movaps, set_misaligned },
	{ "non-canonical address by rbp", emit_load_by_rbp, set_wild_rbp },
	{ "protection key", emit_load, set_key },
	{ "x87 exception", emit_fwait, set_x87_pending },
	{ "SSE exception", emit_divsd, set_sse_unmasked },
	{ "alignment check", emit_load_32, set_alignment_check },
	{ "store of sgdt to an unmapped address", emit_load_at_end, set_unmapped },
	{ "INT 4", emit_int_4, set_nothing, true },
};

static void recover(int sig, siginfo_t *info, ucontext_t *uc)
{
	frame_set_pc(uc, (u64)code_addr(code, recovered));
	/* Nothing that would fault again. */
	uc->uc_mcontext.gregs[REG_EFL] &= ~(1ll << 18);
	if (uc->uc_mcontext.fpregs) {
		uc->uc_mcontext.fpregs->cwd = 0x37f;
		uc->uc_mcontext.fpregs->swd = 0;
	}
}

static u32 run(const struct kind *k, u32 entry)
{
	static u32 seed;

	caught_reset();
	code_reset(code);
	regs_fill(&in, ++seed);
	k->set();
	regs_run(&in, &out, code_addr(code, entry));
	return code->data->landed;
}

static u8 cause_of(int sig)
{
	return sig == SIGSEGV ? ESTP_CAUSE_SEGV : sig == SIGBUS ? ESTP_CAUSE_BUS :
	       sig == SIGILL ? ESTP_CAUSE_ILL : ESTP_CAUSE_FPE;
}

static void enter(u32 start, u32 end, u32 response, u8 causes)
{
	struct table t;

	table_init(&t, code->base);
	table_add(&t, ESTP_FAULT, code_addr(code, start), end - start,
		  code_addr(code, response))->causes = causes;
	must(!table_register(&t));
	table_free(&t);
}

static void one(const struct kind *k)
{
	u32 start, end, response;
	u64 before;
	int sig;

	code = code_new(1);
	start = k->emit(code);
	if (k->never)
		emit_nop(code);
	end = emit_land(code, THROUGH);
	/* Leaves nothing behind that the comparison's own code would trip over. */
	response = emit_mark(code, &code->data->landed, RESPONSE);
	emit_exit(code);
	recovered = emit_land(code, RECOVERED);
	code_describe(code, (struct seq) { .selector = ESTP_FAULT, .start = start,
					   .end = end, .response = response });
	code_seal(code);
	if (k->set == set_key && key < 0) {
		skip("%s: no protection keys", k->name);
		goto out;
	}
	if (run(k, start) == THROUGH) {
		skip("%s: this machine does not raise it", k->name);
		goto out;
	}
	sig = caught->sig;
	is(code->data->landed, RECOVERED, "twin, %s: signal %d reaches its handler, si_code %d",
	   k->name, sig, caught->info.si_code);

	must(!code_register(code, ESTP_LAYOUT_PAGE));
	before = diverted(ESTP_FAULT);
	if (k->never) {
		is(run(k, start), RECOVERED, "%s: registered, its handler runs as before", k->name);
		ok(caught->nr == 1 && caught->pc > (u64)code_addr(code, start),
		   "it sees the pc after the instruction");
		is(diverted(ESTP_FAULT) - before, 0, "no diversion");
		goto out;
	}
	is(run(k, start), RESPONSE, "%s: goes on at the response", k->name);
	is(caught->nr, 0, "no handler ran");
	is(regs_diff(&out, &in, "after the fault"), 0, "no register changed");
	is(diverted(ESTP_FAULT) - before, 1, "the kernel counted it");

	must(!code_unregister(code));
	enter(start, end, response, ESTP_CAUSE_PAGE & ~cause_of(sig));
	is(run(k, start), RECOVERED, "passed over where its cause is missing");
	enter(start, end, response, cause_of(sig));
	is(run(k, start), RESPONSE, "diverted by its cause alone");
out:
	code_unregister(code);
	code_free(code);
}

void test(void)
{
	unsigned int i;

	need_estp_and_counters();
	caught_hook = recover;
	catch_signal(SIGSEGV, 0);
	catch_signal(SIGBUS, 0);
	catch_signal(SIGFPE, 0);
	catch_signal(SIGILL, 0);
	if (cpu_has_keys())
		key = syscall(SYS_pkey_alloc, 0, 0);
	for (i = 0; i < ARRAY_LEN(kinds); i++)
		one(&kinds[i]);
}
