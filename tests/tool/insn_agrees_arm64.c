// SPDX-License-Identifier: MIT
/*
 * What tool/insn_arm64*.c say of instructions, and what an arm64 processor does.  It runs in a
 * guest: tests/tool/insn_agrees_arm64.
 *
 * Each instruction of insn_list_arm64.S runs with random registers. What changes was said to
 * be written, and memory only where it was said to be stored to. Then all registers, flags and
 * memory that were not said to be read get other values: nothing may come out differently;
 * and each register that was said to be read makes a difference, once at least. A register whose value is followed holds that value; a branch leads where it was said
 * to lead.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../../tool/insn_arm64.h"

#define TRIALS		40
#define MEMORY		1024

/* The assembler below counts on these offsets. */
struct state {
	u64 gpr[32];		/* 31: sp */
	u64 nzcv;		/* 256 */
	u64 taken;		/* 264: not 0 if the instruction after the next one came */
	u64 vec[32][2];		/* 272 */
};

struct row {
	const u8 *insn;
	const u8 *before;	/* runs just before it; or NULL */
	u64 kind;
};

enum { PLAIN, RANDOM, LOOSE };	/* LOOSE: what is read does not always matter */

extern const struct row __start_insns[], __stop_insns[];
extern const u8 template[], template_slot[], template_state[], template_end[];

/* x30 is what the state is found by: its own value waits in tpidr_el0 meanwhile. */
__asm__(
	"	.text\n"
	"	.balign 16\n"
	"template:\n"
	"	stp x19, x20, [sp, #-160]!; stp x21, x22, [sp, #16]; stp x23, x24, [sp, #32]\n"
	"	stp x25, x26, [sp, #48]; stp x27, x28, [sp, #64]; stp x29, x30, [sp, #80]\n"
	"	stp d8, d9, [sp, #96]; stp d10, d11, [sp, #112]; stp d12, d13, [sp, #128]\n"
	"	stp d14, d15, [sp, #144]\n"
	"	adr x10, 9f; mov x9, sp; mrs x11, tpidr_el0; stp x9, x11, [x10]\n"
	"	ldr x30, template_state\n"
	"	ldr x0, [x30, #256]; msr nzcv, x0; ldr x0, [x30, #248]; mov sp, x0\n"
	"	add x0, x30, #272\n"
	"	.irp i, 0, 4, 8, 12, 16, 20, 24, 28\n"
	"	ldr q\\i, [x0, #\\i * 16]\n"
	"	.endr\n"
	"	.irp i, 1, 5, 9, 13, 17, 21, 25, 29\n"
	"	ldr q\\i, [x0, #\\i * 16]\n"
	"	.endr\n"
	"	.irp i, 2, 6, 10, 14, 18, 22, 26, 30\n"
	"	ldr q\\i, [x0, #\\i * 16]\n"
	"	.endr\n"
	"	.irp i, 3, 7, 11, 15, 19, 23, 27, 31\n"
	"	ldr q\\i, [x0, #\\i * 16]\n"
	"	.endr\n"
	"	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30\n"
	"	ldr x\\i, [x30, #\\i * 8]\n"
	"	.endr\n"
	"	nop\n"
	"template_slot:\n"
	"	nop\n"
	"	b 1f\n"
	"	hint #36\n"
	"	msr tpidr_el0, x30; ldr x30, template_state; str x30, [x30, #264]; b 2f\n"
	"1:	msr tpidr_el0, x30; ldr x30, template_state; str xzr, [x30, #264]\n"
	"2:\n"
	"	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29\n"
	"	str x\\i, [x30, #\\i * 8]\n"
	"	.endr\n"
	"	mrs x0, tpidr_el0; str x0, [x30, #240]; mov x0, sp; str x0, [x30, #248]\n"
	"	mrs x0, nzcv; str x0, [x30, #256]\n"
	"	add x0, x30, #272\n"
	"	.irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31\n"
	"	str q\\i, [x0, #\\i * 16]\n"
	"	.endr\n"
	"	adr x10, 9f; ldp x9, x11, [x10]; mov sp, x9; msr tpidr_el0, x11\n"
	"	ldp x21, x22, [sp, #16]; ldp x23, x24, [sp, #32]; ldp x25, x26, [sp, #48]\n"
	"	ldp x27, x28, [sp, #64]; ldp x29, x30, [sp, #80]; ldp d8, d9, [sp, #96]\n"
	"	ldp d10, d11, [sp, #112]; ldp d12, d13, [sp, #128]; ldp d14, d15, [sp, #144]\n"
	"	ldp x19, x20, [sp], #160\n"
	"	ret\n"
	"	.balign 8\n"
	"9:	.quad 0, 0\n"
	"template_state:\n"
	"	.quad 0\n"
	"template_end:\n");

static u8 buffer[MEMORY] __attribute__((aligned(1024)));
static u8 *page, *slot;
static struct state live;
static void (*code)(void);
static u32 number;

static u64 rnd(void)
{
	static u64 x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

/* There is no Capstone here, and no need for it. */
const struct isa isa_x86_64;

void *tool_alloc(size_t bytes)
{
	return calloc(1, bytes);
}

/* An instruction that was given an address where none was said to be needed, mostly. */
static void fault(int signal)
{
	static char text[] = "Bail out! signal 00 in instruction 0000\n";
	u32 n = number, i;

	text[17] += signal / 10;
	text[18] += signal % 10;
	for (i = 0; i < 4; i++, n /= 10)
		text[38 - i] = '0' + n % 10;
	if (write(1, text, sizeof(text) - 1) < 0)
		_exit(2);
	_exit(1);
}

static void run(struct state *state, const u8 *memory)
{
	memcpy(buffer, memory, MEMORY);
	live = *state;
	code();
	*state = live;
}

static void start(struct state *state, u8 *memory, u32 trial)
{
	u32 i;

	for (i = 0; i < 31; i++)	/* edges, too: 0 and equal values */
		state->gpr[i] = trial % 4 == 1 ? 0 : trial % 4 == 2 ? 0x55 : rnd();
	for (i = 0; i < 64; i++)
		((u64 *)state->vec)[i] = trial % 8 == 1 ? 0 : rnd();
	for (i = 0; i < 32; i += 4)	/* numbers that are near each other */
		state->vec[i][0] = trial % 8 == 3 ? 0x3ff0000040400000 + (rnd() & 0xffff) :
				   state->vec[i][0];
	state->nzcv = rnd() & 0xf0000000;
	state->taken = 0;
	for (i = 0; i < MEMORY; i++)
		memory[i] = trial % 4 == 2 ? 0x55 : rnd();
	/* Addresses, an index, where to jump. */
	state->gpr[1] = (u64)(uintptr_t)buffer + 256;
	state->gpr[2] = (u64)(uintptr_t)buffer + 512;
	state->gpr[3] = rnd() & 0x38;
	state->gpr[16] = (u64)(uintptr_t)slot + 8;
	state->gpr[31] = (u64)(uintptr_t)buffer + 384;
}

/* The bytes of memory[] that an operand is said to be. */
static bool place(const struct memory *m, const struct state *old, u64 *from, u64 *to)
{
	u64 addr = m->disp;

	if (m->vector)
		return false;
	if (m->base != REG_NONE)
		addr += old->gpr[m->base];
	if (m->index != REG_NONE)
		addr += (m->extend == 2 ? (u32)old->gpr[m->index] :
			 m->extend == 6 ? (u64)(s64)(int)old->gpr[m->index] :
			 old->gpr[m->index]) * m->scale;
	*from = addr - (u64)(uintptr_t)buffer;
	*to = *from + m->len;
	return *to <= MEMORY;
}

static bool said(const struct insn *insn, const struct state *old, u32 byte, bool written)
{
	u64 from, to;
	u32 i;

	for (i = 0; i < insn->memory_nr; i++)
		if ((written ? insn->memory[i].write : insn->memory[i].read) &&
		    (!place(&insn->memory[i], old, &from, &to) || (byte >= from && byte < to)))
			return true;
	return false;
}

static u64 part_mask(u32 part)
{
	return part ? 0xffffffff00000000 : 0xffffffff;
}

static const char *problem(const struct insn *insn, const struct state *old,
			   const struct state *new, const u8 *memory)
{
	u64 value;
	u32 i, part;

	for (i = 0; i < 32; i++)
		for (part = 0; part < 2; part++)
			if ((old->gpr[i] ^ new->gpr[i]) & part_mask(part) &&
			    !(insn->write.gpr >> (2 * i + part) & 1))
				return "a general register changes";
	for (i = 0; i < 32; i++)
		if (memcmp(old->vec[i], new->vec[i], 16) && !(insn->write.other & OTHER_VEC(i)))
			return "a vector register changes";
	for (i = 0; i < 4; i++)
		if ((old->nzcv ^ new->nzcv) >> (31 - i) & 1 && !(insn->write.other & OTHER_N << i))
			return "a flag changes";
	for (i = 0; i < MEMORY; i++)
		if (buffer[i] != memory[i] && !said(insn, old, i, true))
			return "memory changes where it was not said to";
	if (insn->effect != EFFECT_ANY) {
		value = insn->by + (insn->effect == EFFECT_COPY ? old->gpr[insn->from] : 0);
		if (new->gpr[insn->to] != value)
			return "a register has another value than was said";
	}
	if (new->taken && insn->flow == FLOW_NEXT)
		return "it jumps";
	if (!new->taken && insn->flow != FLOW_NEXT && insn->flow != FLOW_BRANCH)
		return "it does not jump";
	if (insn->flow != FLOW_NEXT && insn->target && insn->target != (u64)(uintptr_t)slot + 8)
		return "it jumps elsewhere";
	return NULL;
}

/* Do two runs that differ in what is not read agree in what is written? */
static bool differs(const struct insn *insn, const struct state *a, const struct state *b,
		    const struct state *old, const u8 *stored)
{
	u32 i, part;

	for (i = 0; i < 32; i++)
		for (part = 0; part < 2; part++)
			if (insn->write.gpr >> (2 * i + part) & 1 &&
			    (a->gpr[i] ^ b->gpr[i]) & part_mask(part))
				return true;
	for (i = 0; i < 32; i++)
		if (insn->write.other & OTHER_VEC(i) && memcmp(a->vec[i], b->vec[i], 16))
			return true;
	for (i = 0; i < 4; i++)
		if (insn->write.other & OTHER_N << i && (a->nzcv ^ b->nzcv) >> (31 - i) & 1)
			return true;
	for (i = 0; i < MEMORY; i++)
		if (stored[i] != buffer[i] && said(insn, old, i, true))
			return true;
	return !a->taken != !b->taken;
}

/* Registers that addresses are made of: another value would be none. */
static u64 address_regs(const struct insn *insn)
{
	u64 regs = insn->flow == FLOW_NEXT ? 0 : insn->read.gpr;
	u32 i;

	for (i = 0; i < insn->memory_nr; i++) {
		if (insn->memory[i].base != REG_NONE)
			regs |= ARM64_X(insn->memory[i].base);
		if (insn->memory[i].index != REG_NONE)
			regs |= ARM64_X(insn->memory[i].index);
	}
	return regs;
}

/* All that was not said to be read has another value at once. */
static bool depends(const struct insn *insn, const struct state *old, const struct state *new,
		    const u8 *memory, const u8 *stored)
{
	struct state other = *old;
	u8 others[MEMORY];
	bool known = true;
	u64 none;
	u32 i;

	for (i = 0; i < 62; i++)
		if (!(insn->read.gpr >> i & 1))
			other.gpr[i / 2] ^= rnd() & part_mask(i % 2);
	if (!(insn->read.gpr & ARM64_X(ARM64_SP)))
		other.gpr[ARM64_SP] ^= 16;
	for (i = 0; i < 32; i++)
		if (!(insn->read.other & OTHER_VEC(i))) {
			other.vec[i][0] ^= rnd();
			other.vec[i][1] ^= rnd();
		}
	for (i = 0; i < 4; i++)
		if (!(insn->read.other & OTHER_N << i))
			other.nzcv ^= rnd() & 0x80000000 >> i;
	for (i = 0; i < insn->memory_nr; i++)
		known &= place(&insn->memory[i], old, &none, &none);
	for (i = 0; i < MEMORY; i++)
		others[i] = !known || said(insn, old, i, false) ? memory[i] : rnd();
	run(&other, others);
	return differs(insn, new, &other, old, stored);
}

/* Does each of what was said to be read make a difference? */
static void try(const struct insn *insn, const struct state *old, const struct state *new,
		const u8 *memory, const u8 *stored, struct regs *matters)
{
	u64 left = insn->read.gpr & ~matters->gpr, fixed = address_regs(insn);
	struct state other;
	u32 i;

	matters->gpr |= fixed;
	left &= ~fixed;
	for (i = 0; i < 64; i++) {
		if (!(left >> i & 1))
			continue;
		other = *old;
		other.gpr[i / 2] ^= i >= 62 ? 16 : rnd() & part_mask(i % 2);
		run(&other, memory);
		if (differs(insn, new, &other, old, stored))
			matters->gpr |= 1ull << i;
	}
	left = insn->read.other & ~matters->other;
	for (i = 0; i < 32; i++) {
		if (!(left & OTHER_VEC(i)))
			continue;
		other = *old;
		other.vec[i][0] ^= rnd();
		other.vec[i][1] ^= rnd();
		run(&other, memory);
		if (differs(insn, new, &other, old, stored))
			matters->other |= OTHER_VEC(i);
	}
	for (i = 0; i < 4; i++) {
		if (!(left & OTHER_N << i))
			continue;
		other = *old;
		other.nzcv ^= 0x80000000 >> i;
		run(&other, memory);
		if (differs(insn, new, &other, old, stored))
			matters->other |= OTHER_N << i;
	}
}

static const char *judge(const struct insn *insn, const struct row *row)
{
	static u8 memory[MEMORY], stored[MEMORY];
	struct regs matters = { 0 };
	const char *what;
	u32 trial;

	for (trial = 0; trial < TRIALS; trial++) {
		struct state old, new;

		start(&old, memory, trial);
		new = old;
		run(&new, memory);
		memcpy(stored, buffer, MEMORY);
		what = problem(insn, &old, &new, memory);
		if (!what && row->kind != RANDOM &&
		    depends(insn, &old, &new, memory, stored))
			what = "it depends on something that it was not said to read";
		if (what)
			return what;
		try(insn, &old, &new, memory, stored, &matters);
	}
	/* Of a general register a half is enough. */
	matters.gpr |= (matters.gpr & 0x5555555555555555) << 1 | (matters.gpr >> 1 & 0x5555555555555555);
	if (row->kind == PLAIN && (insn->read.gpr & ~matters.gpr ||
				   insn->read.other & ~matters.other & (0xffffffff | OTHER_NZCV)))
		return "something that it is said to read makes no difference";
	return NULL;
}

static void show(const u8 *bytes, const struct insn *insn)
{
	char read[256], write[256];

	printf("# %02x%02x%02x%02x, reads %s (%llx); writes %s\n", bytes[3], bytes[2], bytes[1], bytes[0],
	       regs_text(&isa_arm64, &insn->read, read, sizeof(read)), (unsigned long long)insn->read.gpr,
	       regs_text(&isa_arm64, &insn->write, write, sizeof(write)));
}

int main(void)
{
	static u8 stack[65536] __attribute__((aligned(16)));
	struct sigaction action = { .sa_handler = fault, .sa_flags = SA_ONSTACK };
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGTRAP, SIGSYS };
	u32 nr = __stop_insns - __start_insns, n, i, bad = 0;
	const struct state *state = &live;
	u64 len = template_end - template;

	/* Always there, so that each run is the same. */
	page = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (page == MAP_FAILED || len > 4096)
		return 1;
	memcpy(page, template, len);
	memcpy(page + (template_state - template), &state, sizeof(state));
	memcpy(&code, &page, sizeof(code));
	slot = page + (template_slot - template);
	sigaltstack(&alternate, NULL);
	for (i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		sigaction(signals[i], &action, NULL);

	printf("1..%u\n", nr);
	for (n = 0; n < nr; n++) {
		const struct row *row = &__start_insns[n];
		static const u8 nop[4] = { 0x1f, 0x20, 0x03, 0xd5 };
		const char *what = "the instruction is not known";
		struct insn insn;

		number = n + 1;
		fflush(stdout);
		memcpy(slot - 4, row->before ? row->before : nop, 4);
		memcpy(slot, row->insn, 4);
		__builtin___clear_cache((char *)page, (char *)page + len);
		if (isa_arm64.decode(NULL, slot, 4, (u64)(uintptr_t)slot, &insn) && insn.judged)
			what = judge(&insn, row);
		printf("%sok %u - %s\n", what ? "not " : "", number,
		       what ? what : "it does what is said of it");
		if (what) {
			show(row->insn, &insn);
			bad++;
		}
	}
	return bad || !nr;
}
