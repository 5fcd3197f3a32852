// SPDX-License-Identifier: MIT
/*
 * The register file of arm64: filled, run, cleared as a mask says, compared.
 *
 * Where there is SVE its registers belong to it; tests run with vectors of
 * REGS_VL_MAX bytes at most, whatever the machine could do.
 */
#include <asm/hwcap.h>
#include <sys/auxv.h>
#include <sys/prctl.h>

#include "../../harness/harness.h"

_Static_assert(offsetof(struct regs, x) == REGS_X, "regs.S");
_Static_assert(offsetof(struct regs, sp) == REGS_SP, "regs.S");
_Static_assert(offsetof(struct regs, flags) == REGS_FLAGS, "regs.S");
_Static_assert(offsetof(struct regs, fpsr) == REGS_FPSR, "regs.S");
_Static_assert(offsetof(struct regs, fpcr) == REGS_FPCR, "regs.S");
_Static_assert(offsetof(struct regs, z) == REGS_Z, "regs.S");
_Static_assert(offsetof(struct regs, p) == REGS_P, "regs.S");
_Static_assert(offsetof(struct regs, ffr) == REGS_FFR, "regs.S");
_Static_assert(sizeof(struct regs) == REGS_SIZE, "regs.S");

u64 regs_vl = 16, regs_sve;

void regs_run_raw(struct regs *in, struct regs *out, const void *stub);

/* Threads and children inherit the length. */
__attribute__((constructor))
static void find_vectors(void)
{
	long vl;

	if (!(getauxval(AT_HWCAP) & HWCAP_SVE))
		return;
	vl = prctl(PR_SVE_SET_VL, REGS_VL_MAX);
	if (vl < 0)
		return;
	regs_vl = vl & PR_SVE_VL_LEN_MASK;
	regs_sve = 1;
}

/* Rights to protection keys: four bits each, read, execute, write. By number: assemblers of today do not know it. */
#define POR_EL0		"s3_3_c10_c2_4"
#ifndef HWCAP2_POE
#define HWCAP2_POE	(1ul << 63)
#endif

bool cpu_has_keys(void)
{
	return getauxval(AT_HWCAP2) & HWCAP2_POE;
}

u64 read_rights(void)
{
	u64 rights;

	asm volatile("mrs %0, " POR_EL0 : "=r" (rights));
	return rights;
}

void write_rights(u64 rights)
{
	asm volatile("msr " POR_EL0 ", %0\n\tisb" : : "r" (rights) : "memory");
}

u64 rights_opened(u64 rights, int key, bool writable)
{
	return (rights & ~(15ull << 4 * key)) | (writable ? 5ull : 1ull) << 4 * key;
}

/* Filling ---------------------------------------------------------------- */

static u64 secret(u32 seed, u32 i)
{
	return (u64)SECRET_TAG << 32 | ((u64)(seed & 0xffff) << 16) | i;
}

void regs_fill(struct regs *r, u32 seed)
{
	u32 i, n = 0x100;
	u64 word;

	memset(r, 0, sizeof(*r));
	for (i = 0; i < GPR_NR; i++)
		r->x[i] = secret(seed, i);
	r->sp = secret(seed, 31);
	r->rights = cpu_has_keys() ? read_rights() : 0;
	r->flags = (u64)(seed & 1 ? 0xa : 0x5) << 28;
	r->fpsr = 0x08000011;			/* QC, IXC, IOC */
	r->fpcr = 0x00c00000;			/* rounds towards zero */
	for (i = 0; i < 32 * regs_vl; i += 8) {
		word = secret(seed, n++);
		memcpy(r->z + i, &word, 8);
	}
	if (!regs_sve)
		return;
	for (i = 0; i < 16 * regs_vl / 8; i++)
		r->p[i] = seed + i + 1;
	/* FFR is a run of ones from the bottom, whatever else. */
	memset(r->ffr, 0xff, seed & 1 ? regs_vl / 8 : regs_vl / 16);
}

void regs_set_arg(struct regs *r, u64 arg)
{
	r->x[GPR_ARG] = arg;
}

u64 regs_arg(const struct regs *r)
{
	return r->x[GPR_ARG];
}

void regs_set_value(struct regs *r, u64 value)
{
	r->x[GPR_VALUE] = value;
}

u64 regs_value(const struct regs *r)
{
	return r->x[GPR_VALUE];
}

void regs_set_syscall(struct regs *r, long nr, u64 a, u64 b, u64 c, u64 d)
{
	r->x[8] = nr;
	r->x[0] = a;
	r->x[1] = b;
	r->x[2] = c;
	r->x[3] = d;
}

long regs_result(const struct regs *r)
{
	return r->x[0];
}

long regs_syscall_nr(const struct regs *r)
{
	return r->x[0];
}

void regs_copy_sp(struct regs *to, const struct regs *from)
{
	to->sp = from->sp;
}

/* Vector state that only SVE has is gone after a call. */
void regs_spoil_by_syscall(struct regs *r, const void *pc_after, long result)
{
	u32 i;

	(void)pc_after;
	r->x[0] = result;
	if (!regs_sve)
		return;
	for (i = 0; i < 32; i++)
		memset(r->z + i * regs_vl + 16, 0, regs_vl - 16);
	memset(r->p, 0, sizeof(r->p));
	memset(r->ffr, 0, sizeof(r->ffr));
}

/* Running ------------------------------------------------------------------ */

/*
 * Stubs: each loads the last two registers and branches to one entry, for nothing else
 * could with all registers loaded.
 */
#define STUB_NR		2048
static struct { u32 load, branch; } stubs[STUB_NR] __attribute__((aligned(65536)));
static u32 stub_nr;
static pthread_mutex_t stub_mutex = PTHREAD_MUTEX_INITIALIZER;

#define LOAD_SCRATCH	0xa94147f0		/* ldp x16, x17, [sp, #16] */

__attribute__((constructor))
static void open_stubs(void)
{
	if (mprotect(stubs, sizeof(stubs), PROT_READ | PROT_WRITE | PROT_EXEC))
		abort();
}

static const void *stub_for(const void *entry)
{
	const void *found = NULL;
	u32 i;

	pthread_mutex_lock(&stub_mutex);
	for (i = 0; i < STUB_NR && !found; i++) {
		u32 branch = 0x14000000 |
			     (((u64)entry - (u64)&stubs[i].branch) >> 2 & 0x3ffffff);

		if (i < stub_nr && stubs[i].branch != branch)
			continue;
		if (i >= stub_nr) {
			stubs[i].load = LOAD_SCRATCH;
			stubs[i].branch = branch;
			__builtin___clear_cache((char *)&stubs[i], (char *)&stubs[i + 1]);
			stub_nr++;
		}
		found = &stubs[i];
	}
	pthread_mutex_unlock(&stub_mutex);
	if (!found)
		bail("more than %u entries", STUB_NR);
	return found;
}

/* What functions left below the stack pointer is not to be found there later. */
__attribute__((noinline))
static void wipe_stack(void)
{
	volatile u64 mem[1024];
	u32 i;

	for (i = 0; i < ARRAY_LEN(mem); i++)
		mem[i] = 0;
}

void regs_run(struct regs *in, struct regs *out, const void *entry)
{
	const void *stub = stub_for(entry);
	u64 rights = cpu_has_keys() ? read_rights() : 0;

	memset(out, 0, sizeof(*out));
	wipe_stack();
	if (in->rights != rights)
		write_rights(in->rights);
	regs_run_raw(in, out, stub);
	if (!cpu_has_keys())
		return;
	out->rights = read_rights();
	if (out->rights != rights)
		write_rights(rights);
}

void regs_clear(struct regs *r, u32 mask, bool reset_pkey)
{
	int i;

	for (i = 0; i < GPR_NR; i++)
		if (mask & (1u << i))
			r->x[i] = 0;
	if (reset_pkey && cpu_has_keys())
		r->rights = default_rights();
	if (!(mask & ESTP_CLEAR_FP))
		return;
	r->fpsr = r->fpcr = 0;
	memset(r->z, 0, sizeof(r->z));
	memset(r->p, 0, sizeof(r->p));
	memset(r->ffr, 0, sizeof(r->ffr));
}

/* Comparing ---------------------------------------------------------------- */

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
			 u32 gprs, bool sp)
{
	unsigned int nr = 0;
	char name[32];
	int i;

	for (i = 0; i < GPR_NR; i++) {
		snprintf(name, sizeof(name), "x%d", i);
		if (gprs & (1u << i))
			nr += differ(what, name, got->x[i], want->x[i]);
	}
	if (sp)
		nr += differ(what, "sp", got->sp, want->sp);
	nr += differ(what, "flags", got->flags & FLAGS_VISIBLE, want->flags & FLAGS_VISIBLE);
	nr += differ(what, "FPSR", got->fpsr, want->fpsr);
	nr += differ(what, "FPCR", got->fpcr, want->fpcr);
	for (i = 0; i < 32; i++) {
		snprintf(name, sizeof(name), "%c%d", regs_sve ? 'z' : 'v', i);
		nr += differ_bytes(what, name, got->z + i * regs_vl, want->z + i * regs_vl, regs_vl);
	}
	nr += differ_bytes(what, "a predicate", got->p, want->p, sizeof(got->p));
	nr += differ_bytes(what, "FFR", got->ffr, want->ffr, sizeof(got->ffr));
	return nr;
}

unsigned int regs_diff(const struct regs *got, const struct regs *want, const char *what)
{
	return diff(got, want, what, ~0u, true) + differ(what, "POR_EL0", got->rights, want->rights);
}

/* The kernel gives a handler x0 to x2, x29, x30 and sp; all others are inherited. */
unsigned int regs_diff_live(const struct regs *got, const struct regs *want, const char *what)
{
	return diff(got, want, what,
		    ~(1u << 0 | 1u << 1 | 1u << 2 | 1u << 29 | 1u << 30), false);
}
