// SPDX-License-Identifier: MIT
/*
 * The register file of x86_64: filled, run, cleared as a mask says, compared.
 *
 * Vector and floating point state is one XSAVE area in the standard format,
 * so that components of later CPUs come in by themselves.  Not compared are
 * the x87 instruction and data pointers: CPUs do not agree on saving them.
 */
#include <asm/prctl.h>
#include <cpuid.h>

#include "../../harness/harness.h"
#include "xstate.h"

_Static_assert(offsetof(struct regs, gpr) == REGS_GPR, "regs.S");
_Static_assert(offsetof(struct regs, flags) == REGS_FLAGS, "regs.S");
_Static_assert(offsetof(struct regs, x) == REGS_X, "regs.S");
_Static_assert(sizeof(struct regs) == REGS_SIZE, "regs.S");

/* PKRU, MPX, CET, AMX. */
#define X_SKIPPED	((1ull << XSTATE_PKRU) | (3ull << 3) | (3ull << 11) | (3ull << 17))

uint64_t regs_xmask;
u8 regs_x_init[REGS_X_LEN] __attribute__((aligned(64)));
u32 xstate_off[63], xstate_len[63];

void regs_run_raw(struct regs *in, struct regs *out, const void *entry);

__attribute__((constructor))
static void find_components(void)
{
	u32 a, b, c, d;
	u64 xcr0;
	int i;

	__cpuid(1, a, b, c, d);
	if (!(c & (1u << 27))) {
		puts("1..0 # SKIP the CPU has no XSAVE");
		exit(77);
	}
	asm volatile("xgetbv" : "=a" (a), "=d" (d) : "c" (0));
	xcr0 = ((u64)d << 32 | a) & ~X_SKIPPED;
	for (i = 2; i < 63; i++) {
		if (!(xcr0 & (1ull << i)))
			continue;
		__cpuid_count(0xd, i, xstate_len[i], xstate_off[i], c, d);
		if (xstate_off[i] + xstate_len[i] > REGS_X_LEN)
			xcr0 &= ~(1ull << i);
	}
	regs_xmask = xcr0;
	xstate_put(regs_x_init + X_FCW, 0x37f, 2);
	xstate_put(regs_x_init + X_MXCSR, 0x1f80, 4);
}

bool cpu_has_keys(void)
{
	u32 a, b, c = 0, d;

	__cpuid_count(7, 0, a, b, c, d);
	return c & (1u << 4);			/* OSPKE */
}

u64 read_rights(void)
{
	u32 a, d;

	asm volatile("rdpkru" : "=a" (a), "=d" (d) : "c" (0));
	return a;
}

void write_rights(u64 rights)
{
	asm volatile("wrpkru" : : "a" ((u32)rights), "c" (0), "d" (0) : "memory");
}

/* Filling ---------------------------------------------------------------- */

static u64 secret(u32 seed, u32 i)
{
	return (u64)SECRET_TAG << 32 | ((u64)(seed & 0xffff) << 16) | i;
}

u64 gs_base(void)
{
	u64 base = 0;

	must(!syscall(SYS_arch_prctl, ARCH_GET_GS, &base));
	return base;
}

void regs_fill(struct regs *r, u32 seed)
{
	u32 i, c, n = 0x100;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < GPR_NR; i++)
		r->gpr[i] = secret(seed, i);
	/* CF PF AF ZF SF DF OF, each set or clear by the seed; IF and bit 1. */
	r->flags = 0x202 | (seed & 1 ? 0x4d5 : 0x891);
	r->gs_base = 0x5ec000000000 + ((u64)seed << 12);
	r->rights = cpu_has_keys() ? read_rights() : 0;

	xstate_put(r->x + X_FCW, 0x37f ^ 0xc00, 2);		/* rounds towards zero */
	xstate_put(r->x + X_FSW, 0x2800 | 0x41, 2);		/* top 5; IE, SF sticky */
	r->x[X_FTW] = 0xff;
	xstate_put(r->x + X_MXCSR, 0x1f80 | 0x6000 | 0x21, 4);
	for (i = 0; i < 8; i++) {
		xstate_put(r->x + X_ST + 16 * i, secret(seed, n++) | 1ull << 63, 8);
		xstate_put(r->x + X_ST + 16 * i + 8, 0x4000 + i, 2);
	}
	for (i = 0; i < 32; i++)
		xstate_put(r->x + X_XMM + 8 * i, secret(seed, n++), 8);
	for (c = 2; c < 63; c++) {
		if (!(regs_xmask & (1ull << c)))
			continue;
		for (i = 0; i + 8 <= xstate_len[c]; i += 8)
			xstate_put(r->x + xstate_off[c] + i, secret(seed, n++), 8);
	}
	xstate_put(r->x + X_BV, regs_xmask, 8);
}

void regs_set_arg(struct regs *r, u64 arg)
{
	r->gpr[GPR_ARG] = arg;
}

u64 regs_arg(const struct regs *r)
{
	return r->gpr[GPR_ARG];
}

void regs_set_value(struct regs *r, u64 value)
{
	r->gpr[GPR_VALUE] = value;
}

u64 regs_value(const struct regs *r)
{
	return r->gpr[GPR_VALUE];
}

void regs_set_syscall(struct regs *r, long nr, u64 a, u64 b, u64 c, u64 d)
{
	r->gpr[GPR_RAX] = nr;
	r->gpr[GPR_RDI] = a;
	r->gpr[GPR_RSI] = b;
	r->gpr[GPR_RDX] = c;
	r->gpr[10] = d;
}

long regs_result(const struct regs *r)
{
	return r->gpr[GPR_RAX];
}

long regs_syscall_nr(const struct regs *r)
{
	return r->gpr[GPR_RAX];
}

void regs_copy_sp(struct regs *to, const struct regs *from)
{
	to->gpr[GPR_RSP] = from->gpr[GPR_RSP];
}

void regs_spoil_by_syscall(struct regs *r, const void *pc_after, long result)
{
	r->gpr[GPR_RAX] = result;
	r->gpr[GPR_RCX] = (u64)pc_after;
	r->gpr[11] = r->flags;
}

/* Running ------------------------------------------------------------------ */

/* What functions left below the stack pointer is not to be found there later. */
__attribute__((noinline))
static void wipe_stack(void)
{
	u64 mem[1024];
	u64 *p = mem;
	size_t nr = ARRAY_LEN(mem);

	asm volatile("rep stosq" : "+D" (p), "+c" (nr) : "a" (0) : "memory");
}

void regs_run(struct regs *in, struct regs *out, const void *entry)
{
	u64 base = gs_base();
	u64 rights = cpu_has_keys() ? read_rights() : 0;

	memset(out, 0, sizeof(*out));
	wipe_stack();
	must(!syscall(SYS_arch_prctl, ARCH_SET_GS, in->gs_base));
	if (in->rights != rights)
		write_rights(in->rights);
	regs_run_raw(in, out, entry);
	if (cpu_has_keys()) {
		out->rights = read_rights();
		if (out->rights != rights)
			write_rights(rights);
	}
	out->gs_base = gs_base();
	must(!syscall(SYS_arch_prctl, ARCH_SET_GS, base));
}

void regs_clear(struct regs *r, u32 mask, bool reset_pkey)
{
	int i;

	for (i = 0; i < GPR_NR; i++)
		if (i != GPR_RSP && (mask & (1u << i)))
			r->gpr[i] = 0;
	if (mask & ESTP_CLEAR_FP)
		memcpy(r->x, regs_x_init, sizeof(r->x));
	if (reset_pkey && cpu_has_keys())
		r->rights = default_rights();
}

u64 rights_opened(u64 rights, int key, bool writable)
{
	return (rights & ~(3ull << 2 * key)) | (writable ? 0 : 2ull << 2 * key);
}

/* Comparing ---------------------------------------------------------------- */

void xstate_normalise(u8 *x)
{
	u64 bv = xstate_get(x + X_BV, 8);
	int i;

	if (!(bv & 1)) {
		memset(x, 0, 24);
		xstate_put(x + X_FCW, 0x37f, 2);
		memset(x + X_ST, 0, 128);
	}
	if (!(bv & 2))
		memset(x + X_XMM, 0, 256);
	for (i = 2; i < 63; i++)
		if ((regs_xmask & (1ull << i)) && !(bv & (1ull << i)))
			memset(x + xstate_off[i], 0, xstate_len[i]);
}

static const char *const gpr_names[GPR_NR] = {
	"rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi",
	"r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
};

static unsigned int differ(const char *what, const char *name, u64 got, u64 want)
{
	if (got == want)
		return 0;
	if (what)
		diag("%s: %s is %#llx, should be %#llx", what, name,
		     (unsigned long long)got, (unsigned long long)want);
	return 1;
}

static unsigned int differ_bytes(const char *what, const char *name, const u8 *got,
				 const u8 *want, size_t len)
{
	size_t i;

	for (i = 0; i < len && got[i] == want[i]; i++)
		;
	if (i == len)
		return 0;
	if (what)
		diag("%s: %s differs at byte %zu: %#x, should be %#x",
		     what, name, i, got[i], want[i]);
	return 1;
}

static unsigned int diff(const struct regs *got, const struct regs *want, const char *what,
			 u32 gprs, u64 flags)
{
	static u8 a[REGS_X_LEN], b[REGS_X_LEN];
	unsigned int nr = 0;
	char name[32];
	int i;

	for (i = 0; i < GPR_NR; i++)
		if (gprs & (1u << i))
			nr += differ(what, gpr_names[i], got->gpr[i], want->gpr[i]);
	nr += differ(what, "flags", got->flags & flags, want->flags & flags);

	memcpy(a, got->x, sizeof(a));
	memcpy(b, want->x, sizeof(b));
	xstate_normalise(a);
	xstate_normalise(b);
	nr += differ(what, "FCW", xstate_get(a + X_FCW, 2), xstate_get(b + X_FCW, 2));
	nr += differ(what, "FSW", xstate_get(a + X_FSW, 2), xstate_get(b + X_FSW, 2));
	nr += differ(what, "FTW", a[X_FTW], b[X_FTW]);
	nr += differ(what, "MXCSR", xstate_get(a + X_MXCSR, 4), xstate_get(b + X_MXCSR, 4));
	for (i = 0; i < 8; i++) {
		snprintf(name, sizeof(name), "st(%d)", i);
		nr += differ_bytes(what, name, a + X_ST + 16 * i, b + X_ST + 16 * i, 10);
	}
	for (i = 0; i < 16; i++) {
		snprintf(name, sizeof(name), "xmm%d", i);
		nr += differ_bytes(what, name, a + X_XMM + 16 * i, b + X_XMM + 16 * i, 16);
	}
	for (i = 2; i < 63; i++) {
		if (!(regs_xmask & (1ull << i)))
			continue;
		snprintf(name, sizeof(name), "xstate component %d", i);
		nr += differ_bytes(what, name, a + xstate_off[i], b + xstate_off[i], xstate_len[i]);
	}
	return nr;
}

unsigned int regs_diff(const struct regs *got, const struct regs *want, const char *what)
{
	return diff(got, want, what, 0xffff, FLAGS_VISIBLE) +
	       differ(what, "gs base", got->gs_base, want->gs_base) +
	       differ(what, "PKRU", got->rights, want->rights);
}

/*
 * The kernel gives a handler rdi, rsi, rdx, rax and rsp, clears DF, RF and TF,
 * and hands it initial vector and floating point state whatever happens.
 */
unsigned int regs_diff_live(const struct regs *got, const struct regs *want, const char *what)
{
	static struct regs expected;

	expected = *want;
	memcpy(expected.x, regs_x_init, sizeof(expected.x));
	return diff(got, &expected, what,
		    0xffff & ~(1u << GPR_RDI | 1u << GPR_RSI | 1u << GPR_RDX |
			       1u << GPR_RAX | 1u << GPR_RSP), 0);
}
