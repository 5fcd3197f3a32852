// SPDX-License-Identifier: MIT
/*
 * x86_64's instructions for the harness.  Whatever goes to data uses a pc-
 * relative address, and no register; rbx is arg, r12 is value.
 */
#include "../../harness/harness.h"

extern void regs_exit(void);

const u32 code_nop_len = 1, code_illegal_len = 2, code_syscall_len = 2;
const u32 code_trap_pc = 1;

/* The distance from @next, the end of the instruction, to @target. */
static u32 distance(struct code *c, u32 next, const volatile void *target)
{
	return (u32)((u64)target - (u64)code_addr(c, next));
}

u32 emit_nop(struct code *c)
{
	return emit_bytes(c, "\x90", 1);
}

u32 emit_step(struct code *c)
{
	return emit_bytes(c, "\xeb\x00", 2);		/* jmp to the next */
}

u32 emit_mark(struct code *c, volatile u32 *word, u32 value)
{
	u8 insn[10] = { 0xc7, 0x05 };			/* movl $value, word(%rip) */
	u32 disp = distance(c, c->at + sizeof(insn), word);

	memcpy(insn + 2, &disp, 4);
	memcpy(insn + 6, &value, 4);
	return emit_bytes(c, insn, sizeof(insn));
}

void code_map(struct code *c, size_t data_len)
{
	c->base = mmap(NULL, c->len + data_len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	must(c->base != MAP_FAILED);
}

void code_unmap(struct code *c, size_t data_len)
{
	munmap(c->base, c->len + data_len);
}

u32 emit_jump(struct code *c)
{
	return emit_bytes(c, "\xe9\x00\x00\x00\x00", 5);	/* jmp */
}

void code_aim(struct code *c, u32 jump, u32 to)
{
	u32 disp = to - (jump + 5);

	memcpy(c->base + jump + 1, &disp, 4);
}

static u32 emit_jump_slot(struct code *c, volatile u64 *slot)
{
	u8 insn[6] = { 0xff, 0x25 };			/* jmp *slot(%rip) */
	u32 disp = distance(c, c->at + sizeof(insn), slot);

	memcpy(insn + 2, &disp, 4);
	return emit_bytes(c, insn, sizeof(insn));
}

u32 emit_exit(struct code *c)
{
	c->data->exit = (u64)regs_exit;
	return emit_jump_slot(c, &c->data->exit);
}

u32 emit_hold_insn(struct code *c, unsigned int hold)
{
	return emit_jump_slot(c, &c->data->hold[hold]);
}

void code_hold_goes(struct code *c, unsigned int hold, u32 to)
{
	c->data->hold[hold] = (u64)code_addr(c, to);
}

u32 emit_load(struct code *c)
{
	return emit_bytes(c, "\x4c\x8b\x23", 3);	/* mov (%rbx), %r12 */
}

u32 emit_store(struct code *c)
{
	return emit_bytes(c, "\x4c\x89\x23", 3);	/* mov %r12, (%rbx) */
}

u32 emit_illegal(struct code *c)
{
	return emit_bytes(c, "\x0f\x0b", 2);		/* ud2 */
}

u32 emit_divide(struct code *c)
{
	return emit_bytes(c, "\x48\xf7\xfb", 3);	/* idiv %rbx */
}

u32 emit_syscall(struct code *c)
{
	return emit_bytes(c, "\x0f\x05", 2);
}

u32 emit_trap(struct code *c)
{
	return emit_bytes(c, "\xcc", 1);
}

u32 emit_loop(struct code *c, volatile u64 *count, u32 target)
{
	u8 dec[7] = { 0x48, 0xff, 0x0d };		/* decq count(%rip) */
	u8 jnz[6] = { 0x0f, 0x85 };
	u32 disp = distance(c, c->at + sizeof(dec), count), at;

	memcpy(dec + 3, &disp, 4);
	at = emit_bytes(c, dec, sizeof(dec));
	disp = target - (c->at + sizeof(jnz));
	memcpy(jnz + 2, &disp, 4);
	emit_bytes(c, jnz, sizeof(jnz));
	return at;
}

u32 emit_secrets(struct code *c)
{
	u32 at = c->at;
	int i;

	for (i = 0; i < GPR_NR; i++) {
		u8 mov[10] = { 0x48 | i >> 3, 0xb8 | (i & 7) };	/* movabs $secret, reg */
		u64 secret = (u64)SECRET_TAG << 32 | i;

		memcpy(mov + 2, &secret, 8);
		if (i != GPR_RSP)
			emit_bytes(c, mov, sizeof(mov));
	}
	for (i = 0; i < 16; i++) {
		u8 movq[5] = { 0x66, 0x48 | i >> 3 << 2, 0x0f, 0x6e, 0xc0 | (i & 7) << 3 };

		emit_bytes(c, movq, sizeof(movq));		/* movq %rax, %xmm */
	}
	/* x87: fldl of the eight bytes would round; mm0 takes them as they are. */
	emit_bytes(c, "\x48\x0f\x6e\xc0", 4);			/* movq %rax, %mm0 */
	return at;
}

u32 emit_wipe(struct code *c)
{
	u32 at = c->at;
	int i;

	for (i = 0; i < GPR_NR; i++) {
		u8 xor[3] = { 0x48 | i >> 3 << 2 | i >> 3, 0x31, 0xc0 | (i & 7) << 3 | (i & 7) };

		if (i != GPR_RSP)
			emit_bytes(c, xor, sizeof(xor));
	}
	for (i = 0; i < 16; i++) {
		u8 pxor[5] = { 0x66, 0x40 | i >> 3 << 2 | i >> 3, 0x0f, 0xef,
			       0xc0 | (i & 7) << 3 | (i & 7) };

		emit_bytes(c, pxor, sizeof(pxor));
	}
	emit_bytes(c, "\x0f\xef\xc0\x0f\x77", 5);		/* pxor %mm0, %mm0; emms */
	return at;
}

/*
 *	start:	mov (%rsi), %eax		eax := the CPU
 *		shl $6, %rax
 *		mov (%rdi,%rax), %rcx		rcx := its counter
 *		mov %rdx, %r8
 *	1:	dec %r8
 *		jnz 1b
 *		inc %rcx
 *		mov %rcx, (%rdi,%rax)		commit
 *	end:	ret
 *
 * rdi, rsi and rdx are inputs and stay; rax, rcx and r8 are scratch.  Before the
 * commit nothing has been stored, so starting again anywhere is harmless.
 */
struct percpu_add emit_percpu_add(struct code *c)
{
	struct percpu_add add;

	add.start = emit_bytes(c, "\x8b\x06\x48\xc1\xe0\x06\x48\x8b\x0c\x07\x49\x89\xd0", 13);
	emit_bytes(c, "\x49\xff\xc8\x75\xfb\x48\xff\xc1\x48\x89\x0c\x07", 12);
	add.end = emit_bytes(c, "\xc3", 1);
	return add;
}
