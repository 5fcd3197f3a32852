// SPDX-License-Identifier: MIT
/*
 * What tool/insn_x86_64.c says of instructions, and what this processor does.
 *
 * Each instruction of insn_list.S runs with random registers. What changes was said to be
 * written, and what was said to be written changes in one run or another. Then one register
 * or flag after the other that was not said to be read gets another value: nothing that is
 * written may come out differently. Memory changes only where a memory operand was said to be
 * written, and is said to be where it does change; where none was said to be read, other
 * memory makes no difference.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "../../tool/insn_x86_64.h"

#define TRIALS	200

struct state {
	u64 gpr[16];		/* by hardware number; rsp is left alone */
	u64 flags;
	u64 xmm[8][2];
};

struct row {
	const u8 *start, *end;
	u64 defined;		/* flags that mean something afterwards; bit 63: not everywhere */
};

extern const struct row __start_insns[], __stop_insns[];

void run_insn(struct state *state, void (*code)(void));

/* rsp and r15 lead back: r15 is checked as little as rsp. */
__asm__(
	"	.text\n"
	"run_insn:\n"
	"	push %rbx; push %rbp; push %r12; push %r13; push %r14; push %r15\n"
	"	push %rsi\n"
	"	mov %rdi, %r15\n"
	"	push 128(%r15); popfq\n"
	"	movdqu 136(%r15), %xmm0; movdqu 152(%r15), %xmm1; movdqu 168(%r15), %xmm2\n"
	"	movdqu 184(%r15), %xmm3; movdqu 200(%r15), %xmm4; movdqu 216(%r15), %xmm5\n"
	"	movdqu 232(%r15), %xmm6; movdqu 248(%r15), %xmm7\n"
	"	mov (%r15), %rax; mov 8(%r15), %rcx; mov 16(%r15), %rdx; mov 24(%r15), %rbx\n"
	"	mov 40(%r15), %rbp; mov 48(%r15), %rsi; mov 56(%r15), %rdi; mov 64(%r15), %r8\n"
	"	mov 72(%r15), %r9; mov 80(%r15), %r10; mov 88(%r15), %r11; mov 96(%r15), %r12\n"
	"	mov 104(%r15), %r13; mov 112(%r15), %r14\n"
	"	call *(%rsp)\n"
	"	mov %rax, (%r15); mov %rcx, 8(%r15); mov %rdx, 16(%r15); mov %rbx, 24(%r15)\n"
	"	mov %rbp, 40(%r15); mov %rsi, 48(%r15); mov %rdi, 56(%r15); mov %r8, 64(%r15)\n"
	"	mov %r9, 72(%r15); mov %r10, 80(%r15); mov %r11, 88(%r15); mov %r12, 96(%r15)\n"
	"	mov %r13, 104(%r15); mov %r14, 112(%r15)\n"
	"	pushfq; pop 128(%r15)\n"
	"	movdqu %xmm0, 136(%r15); movdqu %xmm1, 152(%r15); movdqu %xmm2, 168(%r15)\n"
	"	movdqu %xmm3, 184(%r15); movdqu %xmm4, 200(%r15); movdqu %xmm5, 216(%r15)\n"
	"	movdqu %xmm6, 232(%r15); movdqu %xmm7, 248(%r15)\n"
	"	pop %rsi\n"
	"	pop %r15; pop %r14; pop %r13; pop %r12; pop %rbp; pop %rbx\n"
	"	ret\n");

static const struct {
	u64 eflag, other;
} flag[] = {
	{ 1, OTHER_CF }, { 4, OTHER_PF }, { 16, OTHER_AF },
	{ 64, OTHER_ZF }, { 128, OTHER_SF }, { 2048, OTHER_OF },
};

#define FLAG_NR		6
#define ARITHMETIC	(1 | 4 | 16 | 64 | 128 | 2048)

static u64 lane_mask(u32 lane)
{
	static const u64 mask[] = { 0xff, 0xff00, 0xffff0000, 0xffffffff00000000 };

	return mask[lane];
}

static u64 rnd(void)
{
	static u64 x = 88172645463325252ull;

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return x;
}

static u8 *buffer;		/* memory operands: 4 times 256 bytes */
static void (*code)(void);
static u64 defined;

static void start(struct state *state, u8 *memory, u32 trial)
{
	u32 i;

	for (i = 0; i < 16; i++)	/* edges, too: 0 and equal values, which are a selector for lsl */
		state->gpr[i] = trial % 4 == 1 ? 0 : trial % 4 == 2 ? 0x33 : rnd();
	if (trial % 4 == 3)		/* and for cmpxchg, beside one that differs */
		state->gpr[3] = state->gpr[0];
	for (i = 0; i < 16; i++)
		((u64 *)state->xmm)[i] = trial % 4 == 1 ? 0 : rnd();
	state->flags = 0x202 | (rnd() & ARITHMETIC);
	for (i = 0; i < 1024; i++)
		memory[i] = trial % 4 == 2 ? 0x33 : rnd();
	state->gpr[7] = (u64)(uintptr_t)buffer + 128;
	state->gpr[6] = (u64)(uintptr_t)buffer + 384;
	state->gpr[2] = trial % 4 == 3 ? (u64)(uintptr_t)buffer + 640 : state->gpr[2];
}

static void run(struct state *state, const u8 *memory)
{
	memcpy(buffer, memory, 1024);
	run_insn(state, code);
}

static const char *problem(const struct insn *insn, const struct state *old,
			   const struct state *new, const u8 *memory)
{
	bool stored = false;
	u32 i, lane;

	for (i = 0; i < 15; i++)
		for (lane = 0; lane < 4; lane++)
			if ((old->gpr[i] ^ new->gpr[i]) & lane_mask(lane) &&
			    !(insn->write.gpr >> (4 * i + lane) & 1))
				return "a general register changes";
	for (i = 0; i < 8; i++)
		if (memcmp(old->xmm[i], new->xmm[i], 16) && !(insn->write.other & OTHER_VEC(i)))
			return "a vector register changes";
	for (i = 0; i < FLAG_NR; i++)
		if ((old->flags ^ new->flags) & flag[i].eflag && !(insn->write.other & flag[i].other))
			return "a flag changes";
	for (i = 0; i < insn->memory_nr; i++)
		stored |= insn->memory[i].write;
	if (memcmp(buffer, memory, 1024) && !stored)
		return "memory changes";
	return NULL;
}

/* Adds what this run has changed. */
static void add_changed(struct regs *changed, const struct state *old, const struct state *new)
{
	u32 i, lane;

	for (i = 0; i < 15; i++)
		for (lane = 0; lane < 4; lane++)
			if ((old->gpr[i] ^ new->gpr[i]) & lane_mask(lane))
				changed->gpr |= 1ull << (4 * i + lane);
	for (i = 0; i < 8; i++)
		if (memcmp(old->xmm[i], new->xmm[i], 16))
			changed->other |= OTHER_VEC(i);
	for (i = 0; i < FLAG_NR; i++)
		if ((old->flags ^ new->flags) & flag[i].eflag)
			changed->other |= flag[i].other;
}

/* A part of a register is enough. A flag that is read may be what comes of it, too. */
static bool stays(const struct insn *insn, const struct regs *changed)
{
	u64 seen = 0xff;
	u32 i;

	for (i = 0; i < 15; i++)
		if (i != RSP && insn->write.gpr & GPR(i) && !(changed->gpr & GPR(i)))
			return true;
	for (i = 0; i < FLAG_NR; i++)
		if (defined & flag[i].eflag)
			seen |= flag[i].other & ~insn->read.other;
	return insn->write.other & ~insn->kept.other & ~changed->other & seen;
}

/* Do two runs that differ in what is not read agree in the registers that are written? */
static bool registers_differ(const struct insn *insn, const struct state *a,
			     const struct state *b)
{
	u32 i, lane;

	for (i = 0; i < 15; i++)
		for (lane = 0; lane < 4; lane++)
			if (insn->write.gpr >> (4 * i + lane) & 1 &&
			    (a->gpr[i] ^ b->gpr[i]) & lane_mask(lane))
				return true;
	for (i = 0; i < 8; i++)
		if (insn->write.other & OTHER_VEC(i) && memcmp(a->xmm[i], b->xmm[i], 16))
			return true;
	for (i = 0; i < FLAG_NR; i++)
		if (insn->write.other & flag[i].other && defined & flag[i].eflag &&
		    (a->flags ^ b->flags) & flag[i].eflag)
			return true;
	return false;
}

static bool differs(const struct insn *insn, const struct state *a, const struct state *b,
		    const u8 *memory)
{
	return registers_differ(insn, a, b) || memcmp(buffer, memory, 1024);
}

/* With every bit of memory the other way, a byte is left alone or gets what it got before. */
static bool memory_matters(const struct insn *insn, const struct state *old,
			   const struct state *new, const u8 *memory, const u8 *stored)
{
	struct state other = *old;
	static u8 inverse[1024];
	u32 i;

	for (i = 0; i < 1024; i++)
		inverse[i] = ~memory[i];
	run(&other, inverse);
	for (i = 0; i < 1024; i++)
		if (buffer[i] != inverse[i] && buffer[i] != stored[i])
			return true;
	return registers_differ(insn, new, &other);
}

static const char *depends(const struct insn *insn, const struct state *old,
			   const struct state *new, const u8 *memory, const u8 *stored)
{
	struct state other;
	bool loads = false;
	u32 i, lane;

	for (i = 0; i < insn->memory_nr; i++)
		loads |= insn->memory[i].read;
	if (!loads && memory_matters(insn, old, new, memory, stored))
		return "it depends on memory";
	for (i = 0; i < 15; i++)
		for (lane = 0; lane < 4; lane++) {
			if (i == RSP || insn->read.gpr >> (4 * i + lane) & 1)
				continue;
			other = *old;
			other.gpr[i] ^= rnd() & lane_mask(lane);
			run(&other, memory);
			if (differs(insn, new, &other, stored))
				return "it depends on a general register";
		}
	for (i = 0; i < 8; i++) {
		if ((insn->read.other | insn->kept.other) & OTHER_VEC(i))
			continue;
		other = *old;
		other.xmm[i][rnd() & 1] ^= rnd();
		run(&other, memory);
		if (differs(insn, new, &other, stored))
			return "it depends on a vector register";
	}
	for (i = 0; i < FLAG_NR; i++) {
		if ((insn->read.other | insn->kept.other) & flag[i].other)
			continue;
		other = *old;
		other.flags ^= flag[i].eflag;
		run(&other, memory);
		if (differs(insn, new, &other, stored))
			return "it depends on a flag";
	}
	return NULL;
}

int main(void)
{
	struct decoder *decoder = decoder_open(MACHINE_X86_64);
	u32 nr = __stop_insns - __start_insns, n, bad = 0, checked = 0;
	u8 *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	bool here = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") &&
		    __builtin_cpu_supports("bmi") && __builtin_cpu_supports("aes");
	static u8 memory[1024], stored[1024];

	if (!decoder || page == MAP_FAILED)
		return 1;
	buffer = aligned_alloc(64, 1024);
	memcpy(&code, &page, sizeof(code));
	printf("1..%u\n", nr);
	for (n = 0; n < nr; n++) {
		const u8 *bytes = __start_insns[n].start;
		u32 len = __start_insns[n].end - bytes, trial;
		const char *what = NULL;
		struct regs changed = { 0 };
		struct insn insn;
		bool random;

		defined = __start_insns[n].defined;
		if (defined >> 63 && !here) {
			printf("ok %u # SKIP this processor does not have it\n", n + 1);
			continue;
		}
		memcpy(page, bytes, len);
		page[len] = 0xc3;
		if (!decode(decoder, bytes, len, (u64)(uintptr_t)page, &insn) || insn.len != len ||
		    !insn.judged) {
			printf("not ok %u - the instruction is not known\n", n + 1);
			bad++;
			continue;
		}
		/* rdtsc (0f 31) and cpuid (0f a2) differ by themselves. */
		random = bytes[0] == 0x0f && (bytes[1] == 0x31 || bytes[1] == 0xa2);
		for (trial = 0; trial < TRIALS && !what; trial++) {
			struct state old, new;

			start(&old, memory, trial);
			/* xlatb: rbx and al; paddd: rdx. Both have to be addresses. */
			if (bytes[0] == 0xd7)
				old.gpr[3] = (u64)(uintptr_t)buffer + 128;
			if (bytes[0] == 0x66 && bytes[2] == 0xfe)
				old.gpr[2] = (u64)(uintptr_t)buffer + 640;
			new = old;
			run(&new, memory);
			memcpy(stored, buffer, 1024);
			add_changed(&changed, &old, &new);
			what = problem(&insn, &old, &new, memory);
			if (!what && !random)
				what = depends(&insn, &old, &new, memory, stored);
			checked++;
		}
		if (!what && stays(&insn, &changed))
			what = "something that it is said to write never changes";
		printf("%sok %u - %s\n", what ? "not " : "", n + 1,
		       what ? what : "it does what is said of it");
		if (what) {
			char text[2][256];
			u32 i;

			printf("#");
			for (i = 0; i < len; i++)
				printf(" %02x", bytes[i]);
			printf(", reads %s; writes %s\n",
			       regs_text(&isa_x86_64, &insn.read, text[0], sizeof(text[0])),
			       regs_text(&isa_x86_64, &insn.write, text[1], sizeof(text[1])));
			bad++;
		}
	}
	return bad || !checked;
}
