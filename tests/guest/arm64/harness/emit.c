// SPDX-License-Identifier: MIT
/*
 * arm64's instructions for the harness.  x19 is arg, x20 is value.
 *
 * There is no instruction that stores or jumps by a pc-relative address in memory, so
 *
 *   - what goes to data uses x16 and x17, kept at sp+16 meanwhile (regs.S);
 *   - a hold is `b .`, let go by writing another branch over it, which the architecture
 *     allows while it is executed; code is a private mapping of a file, as programs
 *     have it, and that file is written to;
 *   - code lies within reach of a branch from the program.
 */
#include "../../harness/harness.h"

const u32 code_nop_len = 4, code_illegal_len = 4, code_syscall_len = 4;
const u32 code_trap_pc = 0;

extern void regs_exit(void);

static u32 insn(struct code *c, u32 word)
{
	return emit_bytes(c, &word, sizeof(word));
}

static u32 branch(u64 from, u64 to)
{
	long distance = to - from;

	if (distance < -(1l << 27) || distance >= 1l << 27)
		bail("a branch from %#llx does not reach %#llx", (unsigned long long)from,
		     (unsigned long long)to);
	return 0x14000000 | (distance >> 2 & 0x3ffffff);
}

/* Memory ------------------------------------------------------------------------ */

#define NEAR		0x1000000ul	/* behind the program, which is not relocated */
#define NEAR_END	0x7000000ul

void code_map(struct code *c, size_t data_len)
{
	int fd = memfd_create("code", MFD_CLOEXEC);
	size_t len = c->len + data_len, step = sysconf(_SC_PAGESIZE);
	u64 at;

	must(fd >= 0 && !ftruncate(fd, c->len));
	for (at = NEAR; at < NEAR_END; at += step) {
		c->base = mmap((void *)at, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS |
			       MAP_FIXED_NOREPLACE, -1, 0);
		if (c->base != MAP_FAILED)
			break;
		must(errno == EEXIST);
	}
	must(c->base != MAP_FAILED);
	must(mmap(c->base, c->len, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0) == c->base);
	c->writable = mmap(NULL, c->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	must(c->writable != MAP_FAILED);
	close(fd);
}

void code_unmap(struct code *c, size_t data_len)
{
	munmap(c->writable, c->len);
	munmap(c->base, c->len + data_len);
}

/*
 * One instruction, also while it is being executed.  Twice, by a fresh translation of the
 * address each time: QEMU drops what it has translated before the store is done, and
 * another virtual CPU may translate the old instruction once more in between.
 */
static void patch(struct code *c, u32 at, u32 word)
{
	int i;

	for (i = 0; i < 2; i++) {
		__atomic_store_n((u32 *)(c->writable + at), word, __ATOMIC_SEQ_CST);
		__builtin___clear_cache((char *)c->base + at, (char *)c->base + at + 4);
		must(!mprotect(c->writable, c->len, PROT_READ));
		must(!mprotect(c->writable, c->len, PROT_READ | PROT_WRITE));
	}
}

/* Jumps ---------------------------------------------------------------------------- */

u32 emit_jump(struct code *c)
{
	return insn(c, 0x14000000);			/* b . */
}

void code_aim(struct code *c, u32 jump, u32 to)
{
	patch(c, jump, branch(jump, to));
}

u32 emit_hold_insn(struct code *c, unsigned int hold)
{
	return emit_jump(c);
}

void code_hold_goes(struct code *c, unsigned int hold, u32 to)
{
	code_aim(c, c->hold_at[hold], to);
}

u32 emit_exit(struct code *c)
{
	return insn(c, branch((u64)code_addr(c, c->at), (u64)regs_exit));
}

u32 emit_step(struct code *c)
{
	return insn(c, 0x14000001);			/* b .+4 */
}

/* Plain instructions ------------------------------------------------------------------ */

u32 emit_nop(struct code *c)
{
	return insn(c, 0xd503201f);
}

u32 emit_load(struct code *c)
{
	return insn(c, 0xf9400000 | GPR_ARG << 5 | GPR_VALUE);	/* ldr x20, [x19] */
}

u32 emit_store(struct code *c)
{
	return insn(c, 0xf9000000 | GPR_ARG << 5 | GPR_VALUE);	/* str x20, [x19] */
}

u32 emit_illegal(struct code *c)
{
	return insn(c, 0x00000000);			/* udf #0 */
}

u32 emit_syscall(struct code *c)
{
	return insn(c, 0xd4000001);			/* svc #0 */
}

u32 emit_trap(struct code *c)
{
	return insn(c, 0xd4200000);			/* brk #0 */
}

/* Data -------------------------------------------------------------------------------- */

#define SAVE_SCRATCH	0xa90147f0		/* stp x16, x17, [sp, #16] */
#define LOAD_SCRATCH	0xa94147f0		/* ldp x16, x17, [sp, #16] */

/* adr x16, target */
static void emit_adr(struct code *c, const volatile void *target)
{
	long distance = (u64)target - (u64)code_addr(c, c->at);

	insn(c, 0x10000010 | (distance & 3) << 29 | (distance >> 2 & 0x7ffff) << 5);
}

u32 emit_mark(struct code *c, volatile u32 *word, u32 value)
{
	u32 at = insn(c, SAVE_SCRATCH);

	emit_adr(c, word);
	insn(c, 0x52800011 | (value & 0xffff) << 5);	/* movz w17, #value */
	insn(c, 0x72a00011 | value >> 16 << 5);		/* movk w17, #value, lsl #16 */
	insn(c, 0xb9000211);				/* str w17, [x16] */
	insn(c, LOAD_SCRATCH);
	return at;
}

u32 emit_loop(struct code *c, volatile u64 *count, u32 target)
{
	u32 at = insn(c, SAVE_SCRATCH);
	long distance;

	emit_adr(c, count);
	insn(c, 0xf9400211);				/* ldr x17, [x16] */
	insn(c, 0xf1000631);				/* subs x17, x17, #1 */
	insn(c, 0xf9000211);				/* str x17, [x16] */
	insn(c, LOAD_SCRATCH);
	distance = (long)target - (long)c->at;
	insn(c, 0x54000001 | (distance >> 2 & 0x7ffff) << 5);	/* b.ne target */
	return at;
}

/* Registers ---------------------------------------------------------------------------- */

u32 emit_secrets(struct code *c)
{
	u32 at = c->at, i;

	for (i = 0; i < GPR_NR; i++) {
		insn(c, 0xd2800000 | i << 5 | i);			/* movz x, #i */
		insn(c, 0xf2c00000 | (SECRET_TAG & 0xffff) << 5 | i);	/* movk, lsl #32 */
		insn(c, 0xf2e00000 | SECRET_TAG >> 16 << 5 | i);	/* movk, lsl #48 */
	}
	for (i = 0; i < 32; i++)
		insn(c, 0x4e080c00 | i);				/* dup v.2d, x0 */
	return at;
}

u32 emit_wipe(struct code *c)
{
	u32 at = c->at, i;

	for (i = 0; i < GPR_NR; i++)
		insn(c, 0xaa1f03e0 | i);				/* mov x, xzr */
	for (i = 0; i < 32; i++)
		insn(c, 0x6f00e400 | i);				/* movi v.2d, #0 */
	return at;
}

/*
 *	start:	ldr w3, [x1]			x3 := the CPU
 *		lsl x3, x3, #6
 *		ldr x4, [x0, x3]		x4 := its counter
 *		mov x5, x2
 *	1:	subs x5, x5, #1
 *		b.ne 1b
 *		add x4, x4, #1
 *		str x4, [x0, x3]		commit
 *	end:	ret
 *
 * x0, x1 and x2 are inputs and stay; x3, x4 and x5 are scratch.  Before the commit
 * nothing has been stored, so starting again anywhere is harmless.
 */
struct percpu_add emit_percpu_add(struct code *c)
{
	struct percpu_add add;

	add.start = insn(c, 0xb9400023);
	insn(c, 0xd37ae463);
	insn(c, 0xf8636804);
	insn(c, 0xaa0203e5);
	insn(c, 0xf10004a5);
	insn(c, 0x54ffffe1);
	insn(c, 0x91000484);
	insn(c, 0xf8236804);
	add.end = insn(c, 0xd65f03c0);
	return add;
}
